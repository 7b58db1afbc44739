package main

import (
	"context"
	"fmt"
	"math/rand"
	"net"
	"os"
	"reflect"
	"unsafe"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	clientset "k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	events "k8s.io/client-go/tools/record"
	"k8s.io/kubernetes/pkg/kubelet"
	"k8s.io/kubernetes/pkg/kubelet/configmap"
	"k8s.io/kubernetes/pkg/kubelet/secret"
	"k8s.io/kubernetes/pkg/volume"
	"k8s.io/kubernetes/pkg/volume/util/hostutil"
	"k8s.io/kubernetes/pkg/volume/util/subpath"
)

// world is the objects that a kubelet knows.
type world struct {
	services       []*v1.Service
	configMaps     []*v1.ConfigMap
	secrets        []*v1.Secret
	node           *v1.Node
	nodeIPs        []net.IP
	servicesSynced bool
}

// newKubelet returns a kubelet of which only those fields are set that its functions for a
// container's environment read.
func newKubelet(world *world) *kubelet.Kubelet {
	kl := &kubelet.Kubelet{}
	setField[serviceLister](kl, "serviceLister", services{world})
	setField[cache.InformerSynced](kl, "serviceHasSynced", func() bool { return world.servicesSynced })
	setField[clientset.Interface](kl, "kubeClient", client{})
	setField[configmap.Manager](kl, "configMapManager", configMaps{world: world})
	setField[secret.Manager](kl, "secretManager", secrets{world: world})
	setField[corelisters.NodeLister](kl, "nodeLister", nodes{world: world})
	setField[[]net.IP](kl, "nodeIPs", world.nodeIPs)
	// Up to 1.29, skipped keys of envFrom are reported as an event.
	setField[events.EventRecorderLogger](kl, "recorder", &events.FakeRecorder{})
	if world.node != nil {
		setField(kl, "nodeName", types.NodeName(world.node.Name))
	}
	return kl
}

// setField sets a field that is not exported. It panics if there is no such field, or if it has
// another type, because the kubelet has then changed and its answers could be wrong.
func setField[T any](kl *kubelet.Kubelet, name string, value T) {
	field := reflect.ValueOf(kl).Elem().FieldByName(name)
	wanted := reflect.TypeOf((*T)(nil)).Elem()
	switch {
	case !field.IsValid():
		stop("Kubelet has no field %s: look up how makeEnvironmentVariables reads it now", name)
	case field.Type() == wanted:
	case field.Kind() == reflect.Interface && wanted.Implements(field.Type()):
		// The kubelet's interface is not exported, or has fewer methods.
	default:
		stop("Kubelet.%s has the type %v, not %v: adapt kubelet.go", name, field.Type(), wanted)
	}
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(&value).Elem())
}

func stop(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "recorder: "+format+"\n", arguments...)
	os.Exit(3)
}

type serviceLister interface {
	List(labels.Selector) ([]*v1.Service, error)
}

type services struct{ *world }

// List returns the Services in random order, as the kubelet's cache does.
func (services services) List(labels.Selector) ([]*v1.Service, error) {
	shuffled := append([]*v1.Service(nil), services.services...)
	rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return shuffled, nil
}

// client only has to be there.
type client struct{ clientset.Interface }

type configMaps struct {
	configmap.Manager
	world *world
}

func (manager configMaps) GetConfigMap(namespace, name string) (*v1.ConfigMap, error) {
	for _, configMap := range manager.world.configMaps {
		if configMap.Namespace == namespace && configMap.Name == name {
			return configMap, nil
		}
	}
	return nil, apierrors.NewNotFound(v1.Resource("configmaps"), name)
}

type secrets struct {
	secret.Manager
	world *world
}

func (manager secrets) GetSecret(namespace, name string) (*v1.Secret, error) {
	for _, secret := range manager.world.secrets {
		if secret.Namespace == namespace && secret.Name == name {
			return secret, nil
		}
	}
	return nil, apierrors.NewNotFound(v1.Resource("secrets"), name)
}

type nodes struct {
	corelisters.NodeLister
	world *world
}

func (lister nodes) Get(name string) (*v1.Node, error) {
	if lister.world.node == nil || lister.world.node.Name != name {
		return nil, apierrors.NewNotFound(v1.Resource("nodes"), name)
	}
	return lister.world.node, nil
}

// mounter is of a volume in a directory.
type mounter struct {
	volume.Mounter
	path string
}

func (mounter mounter) GetPath() string { return mounter.path }

func (mounter) GetAttributes() volume.Attributes { return volume.Attributes{} }

// hostUtils and subPaths touch no file.
type hostUtils struct{ hostutil.HostUtils }

func (hostUtils) PathExists(string) (bool, error) { return true, nil }

type subPaths struct{ subpath.Interface }

func (subPaths) PrepareSafeSubpath(path subpath.Subpath) (string, func(), error) {
	return path.Path, nil, nil
}

// background is for functions that want a context.
var background = context.Background()
