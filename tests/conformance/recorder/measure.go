package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/kubernetes/pkg/kubelet/container"
)

// inOrder lists the Services without shuffling them, which would take longer than the rest.
type inOrder struct{ *world }

func (services inOrder) List(labels.Selector) ([]*v1.Service, error) {
	return append([]*v1.Service(nil), services.services...), nil
}

// measure prints the shortest time in which the kubelet makes the environment that the benchmarks
// compose, and in which a program then reads every name and value. `benches/shared/mod.rs` has the
// same objects.
func measure() error {
	for _, count := range []int{0, 1, 20, 5000} {
		world, pod := cluster(count)
		kl := newKubelet(world)
		setField[serviceLister](kl, "serviceLister", inOrder{world})
		shortest, bytes := time.Duration(math.MaxInt64), 0
		batch := 1 + 2000/(1+count)
		for range 50 {
			start := time.Now()
			for range batch {
				variables, err := callMakeEnvironmentVariables(kl, pod, &pod.Spec.Containers[0], pod.Status.PodIP, []string{pod.Status.PodIP}, container.VolumeMap{})
				if err != nil {
					return err
				}
				bytes = 0
				for _, variable := range variables {
					bytes += len(variable.Name) + len(variable.Value)
				}
			}
			shortest = min(shortest, time.Since(start)/time.Duration(batch))
		}
		fmt.Printf("%5d Services: %v (%d bytes)\n", count, shortest, bytes)
	}
	return nil
}

func cluster(count int) (*world, *v1.Pod) {
	in := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "shop", Name: name} }
	world := &world{servicesSynced: true}
	for number := range count {
		spec := v1.ServiceSpec{ClusterIP: fmt.Sprintf("10.1.%d.%d", number/250, number%250)}
		for _, port := range []v1.ServicePort{{Name: "http", Port: 80}, {Name: "https", Port: 443}, {Name: "metrics", Port: 9090}} {
			port.Protocol = v1.ProtocolTCP
			spec.Ports = append(spec.Ports, port)
		}
		world.services = append(world.services, &v1.Service{ObjectMeta: in(fmt.Sprintf("svc-%04d", number)), Spec: spec})
	}
	data := func(name string) map[string]string {
		keys := map[string]string{}
		for number := range 10 {
			keys[fmt.Sprintf("%s_%d", strings.ToUpper(name), number)] = fmt.Sprintf("value %d", number)
		}
		return keys
	}
	for _, name := range []string{"first", "third"} {
		world.configMaps = append(world.configMaps, &v1.ConfigMap{ObjectMeta: in(name), Data: data(name)})
	}
	second := &v1.Secret{ObjectMeta: in("second"), Data: map[string][]byte{}}
	for key, value := range data("second") {
		second.Data[key] = []byte(value)
	}
	world.secrets = []*v1.Secret{second}

	app := v1.Container{Name: "app", EnvFrom: []v1.EnvFromSource{
		{ConfigMapRef: &v1.ConfigMapEnvSource{LocalObjectReference: v1.LocalObjectReference{Name: "first"}}},
		{SecretRef: &v1.SecretEnvSource{LocalObjectReference: v1.LocalObjectReference{Name: "second"}}},
		{ConfigMapRef: &v1.ConfigMapEnvSource{LocalObjectReference: v1.LocalObjectReference{Name: "third"}}},
	}}
	for number := range 40 {
		entry := v1.EnvVar{Name: fmt.Sprintf("ENTRY_%d", number)}
		switch number % 5 {
		case 0:
			entry.Value = "a plain value, such as most are"
		case 1:
			entry.Value = "http://$(SVC_0000_SERVICE_HOST):$(SVC_0000_SERVICE_PORT)/$(ENTRY_0)"
		case 2:
			entry.ValueFrom = &v1.EnvVarSource{ConfigMapKeyRef: &v1.ConfigMapKeySelector{LocalObjectReference: v1.LocalObjectReference{Name: "first"}, Key: "FIRST_3"}}
		case 3:
			entry.ValueFrom = &v1.EnvVarSource{SecretKeyRef: &v1.SecretKeySelector{LocalObjectReference: v1.LocalObjectReference{Name: "second"}, Key: "SECOND_3"}}
		case 4:
			entry.ValueFrom = &v1.EnvVarSource{FieldRef: &v1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "status.podIP"}}
		}
		app.Env = append(app.Env, entry)
	}
	links := true
	pod := &v1.Pod{ObjectMeta: in("web-0"), Spec: v1.PodSpec{EnableServiceLinks: &links, Containers: []v1.Container{app}}}
	pod.Status.PodIP, pod.Status.PodIPs = "10.244.0.7", []v1.PodIP{{IP: "10.244.0.7"}}
	return world, pod
}
