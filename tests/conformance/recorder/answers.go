package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	apivalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	resourceutil "k8s.io/kubernetes/pkg/api/v1/resource"
	"k8s.io/kubernetes/pkg/apis/core"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/fieldpath"
	"k8s.io/kubernetes/pkg/kubelet"
	"k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/kubelet/envvars"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
	kjson "sigs.k8s.io/json"
)

// answer is the `expect` of a case.
type answer = map[string]any

// families has the function for each family. It returns errors.ErrUnsupported if the release does
// not have the recorded function.
var families = map[string]func(given []byte) (answer, error){
	"command":          command,
	"container_env":    containerEnv,
	"env_file":         envFile,
	"env_name":         envName,
	"expand":           expand,
	"format_map":       formatMap,
	"mangle":           mangle,
	"resource_value":   resourceValue,
	"service_env":      serviceEnv,
	"validate_env":     validateEnv,
	"validate_service": validateService,
	"visible":          visible,
}

// read parses JSON as the API server does: with the case of field names.
func read[T any](given []byte) (T, error) {
	var value T
	err := kjson.UnmarshalCaseSensitivePreserveInts(given, &value)
	return value, err
}

// text is written as JSON text, or as base64 where it is not UTF-8.
func text(value string) any {
	if utf8.ValidString(value) {
		return value
	}
	return map[string]string{"base64": base64.StdEncoding.EncodeToString([]byte(value))}
}

func texts(values []string) []any {
	written := make([]any, 0, len(values))
	for _, value := range values {
		written = append(written, text(value))
	}
	return written
}

// Tries for a random pick, and for what is expected not to be one.
const (
	contestedTries   = 600
	uncontestedTries = 3
)

// tries returns how often to call a function that goes over the Services of a namespace in random
// order.
func tries(services []*v1.Service, namespace string) int {
	names := map[string]string{}
	for _, service := range services {
		isSeen := service.Namespace == namespace || service.Namespace == "default" && service.Name == "kubernetes"
		if !isSeen || len(service.Spec.Ports) == 0 {
			// One without ports panics if it has an address.
			continue
		}
		ofService := map[string]string{}
		for _, variable := range envvars.FromServices([]*v1.Service{service}) {
			ofService[variable.Name] = variable.Value
		}
		for name, value := range ofService {
			if other, ok := names[name]; ok && other != value {
				return contestedTries
			}
			names[name] = value
		}
	}
	return uncontestedTries
}

// observe calls a function that may pick values at random, and sorts out which.
func observe(tries int, call func() (map[string]string, error)) (answer, error) {
	var first map[string]string
	seen := map[string]map[string]bool{}
	for try := 0; try < tries; try++ {
		env, err := call()
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = env
		} else if len(first) != len(env) {
			return nil, fmt.Errorf("the names are picked at random")
		}
		for name, value := range env {
			if expected, ok := first[name]; !ok {
				return nil, fmt.Errorf("the names are picked at random")
			} else if value != expected {
				if seen[name] == nil {
					seen[name] = map[string]bool{expected: true}
				}
				seen[name][value] = true
			}
		}
	}
	env, ambiguous := answer{}, answer{}
	for name, value := range first {
		values, picked := seen[name]
		if !picked {
			env[name] = text(value)
			continue
		}
		var sorted []string
		for value := range values {
			sorted = append(sorted, value)
		}
		sort.Strings(sorted)
		ambiguous[name] = texts(sorted)
	}
	expect := answer{"env": env}
	if len(ambiguous) > 0 {
		expect["ambiguous"] = ambiguous
	}
	return expect, nil
}

// orPanic returns `panic` for a call that reads the first port of a Service without ports. Another
// panic goes on: the recorder lacks something that the kubelet reads.
func orPanic(call func() (answer, error)) (expect answer, err error) {
	defer func() {
		switch panicked := recover(); {
		case panicked == nil:
		case strings.Contains(fmt.Sprint(panicked), "index out of range [0] with length 0"):
			expect, err = answer{"panic": true}, nil
		default:
			panic(panicked)
		}
	}()
	return call()
}

func serviceEnv(given []byte) (answer, error) {
	input, err := read[struct {
		Services []*v1.Service `json:"services"`
	}](given)
	if err != nil {
		return nil, err
	}
	return orPanic(func() (answer, error) {
		env := [][2]string{}
		for _, variable := range envvars.FromServices(input.Services) {
			env = append(env, [2]string{variable.Name, variable.Value})
		}
		return answer{"env": env}, nil
	})
}

func mangle(given []byte) (answer, error) {
	input, err := read[struct {
		Names []string `json:"names"`
	}](given)
	names := []string{}
	for _, name := range input.Names {
		names = append(names, makeEnvVariableName(name))
	}
	return answer{"names": names}, err
}

func visible(given []byte) (answer, error) {
	input, err := read[struct {
		Services           []*v1.Service `json:"services"`
		Namespace          string        `json:"namespace"`
		EnableServiceLinks bool          `json:"enableServiceLinks"`
	}](given)
	if err != nil {
		return nil, err
	}
	kl := newKubelet(&world{services: input.Services, servicesSynced: true})
	return orPanic(func() (answer, error) {
		return observe(tries(input.Services, input.Namespace), func() (map[string]string, error) {
			return getServiceEnvVarMap(kl, input.Namespace, input.EnableServiceLinks)
		})
	})
}

func expand(given []byte) (answer, error) {
	input, err := read[struct {
		Input    string              `json:"input"`
		Contexts []map[string]string `json:"contexts"`
	}](given)
	output := expansion.Expand(input.Input, expansion.MappingFuncFor(input.Contexts...))
	return answer{"output": text(output)}, err
}

func envFile(given []byte) (answer, error) {
	input, err := read[struct {
		Key     string `json:"key"`
		Content string `json:"content"`
	}](given)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(scratch(), "file.env")
	if err := os.WriteFile(path, []byte(input.Content), 0o600); err != nil {
		return nil, err
	}
	value, err := parseEnv(path, input.Key)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	} else if err != nil {
		return answer{"error": strings.ReplaceAll(err.Error(), path, "<file>")}, nil
	}
	return answer{"value": value}, nil
}

func envName(given []byte) (answer, error) {
	input, err := read[struct {
		Names []string `json:"names"`
	}](given)
	if err != nil {
		return nil, err
	}
	expect := answer{}
	for form, problems := range map[string]func(string) []string{"strict": apivalidation.IsEnvVarName, "relaxed": isRelaxedEnvVarName} {
		if problems == nil {
			continue
		}
		legal := []bool{}
		for _, name := range input.Names {
			legal = append(legal, len(problems(name)) == 0)
		}
		expect[form] = legal
	}
	return expect, nil
}

func resourceValue(given []byte) (answer, error) {
	input, err := read[struct {
		Quantity string `json:"quantity"`
		Divisor  string `json:"divisor"`
		Resource string `json:"resource"`
	}](given)
	if err != nil {
		return nil, err
	}
	quantity, err := resource.ParseQuantity(input.Quantity)
	if err != nil {
		return answer{"error": "quantity"}, nil
	}
	var divisor resource.Quantity
	if input.Divisor != "" {
		if divisor, err = resource.ParseQuantity(input.Divisor); err != nil {
			return answer{"error": "divisor"}, nil
		}
	}
	_, name, _ := strings.Cut(input.Resource, ".")
	list := v1.ResourceList{v1.ResourceName(name): quantity}
	value, err := resourceutil.ExtractContainerResourceValue(
		&v1.ResourceFieldSelector{Resource: input.Resource, Divisor: divisor},
		&v1.Container{Resources: v1.ResourceRequirements{Limits: list, Requests: list}},
	)
	if err != nil {
		return answer{"error": "resource"}, nil
	}
	return answer{"value": value}, nil
}

func formatMap(given []byte) (answer, error) {
	input, err := read[struct {
		Map map[string]string `json:"map"`
	}](given)
	return answer{"output": fieldpath.FormatMap(input.Map)}, err
}

var validatedField = regexp.MustCompile(`^(metadata\.name|spec\.ports(\[\d+\](\.(name|port|protocol))?)?)$`)

func validateService(given []byte) (answer, error) {
	input, err := read[struct {
		Service v1.Service `json:"service"`
	}](given)
	if err != nil {
		return nil, err
	}
	corev1.SetObjectDefaults_Service(&input.Service)
	var service core.Service
	if err := corev1.Convert_v1_Service_To_core_Service(&input.Service, &service, nil); err != nil {
		return nil, err
	}
	invalid := map[string]bool{}
	for _, problem := range validation.ValidateServiceCreate(&service) {
		if validatedField.MatchString(problem.Field) {
			invalid[problem.Field] = true
		}
	}
	fields := []string{}
	for field := range invalid {
		fields = append(fields, field)
	}
	sort.Strings(fields)
	return answer{"invalidFields": fields}, nil
}

// validateEnv validates the environment of a container in a new Pod, without the fields and with
// the options that the release derives from its feature gates.
func validateEnv(given []byte) (answer, error) {
	input, err := read[struct {
		Container v1.Container `json:"container"`
	}](given)
	if err != nil {
		return nil, err
	}
	pod := v1.Pod{Spec: v1.PodSpec{Containers: []v1.Container{input.Container}}}
	corev1.SetObjectDefaults_Pod(&pod)
	var converted core.Pod
	if err := corev1.Convert_v1_Pod_To_core_Pod(&pod, &converted, nil); err != nil {
		return nil, err
	}
	podutil.DropDisabledPodFields(&converted, nil)
	options := podutil.GetValidationOptionsFromPodSpecAndMeta(&converted.Spec, nil, &converted.ObjectMeta, nil)
	of := converted.Spec.Containers[0]
	problems := validation.ValidateEnv(of.Env, field.NewPath("env"), options)
	problems = append(problems, validateEnvFrom(of.EnvFrom, field.NewPath("envFrom"), options)...)
	errors := [][]string{}
	for _, problem := range problems {
		errors = append(errors, []string{problem.Field, string(problem.Type), problem.Detail})
	}
	return answer{"errors": errors}, nil
}

// podInput is the `given` of a container in its Pod.
type podInput struct {
	Pod            *v1.Pod                      `json:"pod"`
	Container      string                       `json:"container"`
	Services       []*v1.Service                `json:"services"`
	ConfigMaps     []*v1.ConfigMap              `json:"configMaps"`
	Secrets        []*v1.Secret                 `json:"secrets"`
	Node           *v1.Node                     `json:"node"`
	PodIP          string                       `json:"podIP"`
	PodIPs         []string                     `json:"podIPs"`
	NodeIPs        []string                     `json:"nodeIPs"`
	Volumes        map[string]map[string]string `json:"volumes"`
	ServicesSynced bool                         `json:"servicesSynced"`
	ApplyDefaults  bool                         `json:"applyDefaults"`

	kubelet *kubelet.Kubelet
	of      *v1.Container
	volumes container.VolumeMap
}

func readPod(given []byte) (*podInput, error) {
	input, err := read[podInput](given)
	if err != nil {
		return nil, err
	}
	if input.ApplyDefaults {
		corev1.SetObjectDefaults_Pod(input.Pod)
	}
	world := &world{
		services:       input.Services,
		configMaps:     input.ConfigMaps,
		secrets:        input.Secrets,
		node:           input.Node,
		servicesSynced: input.ServicesSynced,
	}
	for _, address := range input.NodeIPs {
		ip := net.ParseIP(address)
		if ip == nil {
			return nil, fmt.Errorf("no kubelet starts with the address %q", address)
		}
		world.nodeIPs = append(world.nodeIPs, ip)
	}
	input.kubelet = newKubelet(world)
	spec := &input.Pod.Spec
	for _, list := range [][]v1.Container{spec.Containers, spec.InitContainers} {
		for i := range list {
			if list[i].Name == input.Container && input.of == nil {
				input.of = &list[i]
			}
		}
	}
	for i := range spec.EphemeralContainers {
		if spec.EphemeralContainers[i].Name == input.Container && input.of == nil {
			input.of = (*v1.Container)(&spec.EphemeralContainers[i].EphemeralContainerCommon)
		}
	}
	if input.of == nil {
		return nil, fmt.Errorf("the Pod has no container %q", input.Container)
	}
	input.volumes = container.VolumeMap{}
	for name, files := range input.Volumes {
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%q cannot be the name of a directory", name)
		}
		directory := filepath.Join(scratch(), "volumes", name)
		input.volumes[name] = container.VolumeInfo{Mounter: mounter{path: directory}}
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return nil, err
		}
		for path, content := range files {
			if !filepath.IsLocal(path) {
				return nil, fmt.Errorf("%q is outside of the volume", path)
			}
			file := filepath.Join(directory, path)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				return nil, err
			}
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				return nil, err
			}
		}
	}
	return &input, nil
}

// close removes the files of the volumes.
func (input *podInput) close() {
	if len(input.Volumes) > 0 {
		os.RemoveAll(filepath.Join(scratch(), "volumes"))
	}
}

func (input *podInput) makeEnv() ([]container.EnvVar, error) {
	return callMakeEnvironmentVariables(input.kubelet, input.Pod, input.of, input.PodIP, input.PodIPs, input.volumes)
}

// message returns the text of an error without the directory of the volume.
func (input *podInput) message(err error) string {
	message := err.Error()
	for name := range input.Volumes {
		message = strings.ReplaceAll(message, filepath.Join(scratch(), "volumes", name), "<volume>")
	}
	return message
}

func containerEnv(given []byte) (answer, error) {
	input, err := readPod(given)
	if err != nil {
		return nil, err
	}
	defer input.close()
	return orPanic(func() (answer, error) {
		expect, err := observe(tries(input.Services, input.Pod.Namespace), func() (map[string]string, error) {
			variables, err := input.makeEnv()
			env := map[string]string{}
			for _, variable := range variables {
				env[variable.Name] = variable.Value
			}
			return env, err
		})
		if err != nil {
			return answer{"error": input.message(err)}, nil
		}
		return expect, nil
	})
}

// command expands the command, the arguments, each subPathExpr and the commands of probes.
func command(given []byte) (answer, error) {
	input, err := readPod(given)
	if err != nil {
		return nil, err
	}
	defer input.close()
	if tries(input.Services, input.Pod.Namespace) != uncontestedTries {
		return nil, fmt.Errorf("two Services have the same variable")
	}
	return orPanic(func() (answer, error) { return input.command() })
}

func (input *podInput) command() (answer, error) {
	env, err := input.makeEnv()
	if err != nil {
		return answer{"error": input.message(err)}, nil
	}
	volumes := container.VolumeMap{}
	for name, info := range input.volumes {
		volumes[name] = info
	}
	for _, mount := range input.of.VolumeMounts {
		if _, ok := volumes[mount.Name]; !ok {
			volumes[mount.Name] = container.VolumeInfo{Mounter: mounter{path: "/volume"}}
		}
	}
	mounts, err := callMakeMounts(input.Pod, input.of, volumes, env)
	if err != nil {
		return answer{"error": input.message(err)}, nil
	}
	subPaths := answer{}
	for i, mount := range input.of.VolumeMounts {
		if mount.SubPathExpr != "" {
			inVolume, ok := strings.CutPrefix(mounts[i].HostPath, volumes[mount.Name].Mounter.(mounter).path)
			if !ok || mounts[i].ContainerPath != mount.MountPath {
				return nil, fmt.Errorf("mount %d is of %s at %s", i, mounts[i].HostPath, mounts[i].ContainerPath)
			}
			subPaths[mount.MountPath] = text("/" + strings.TrimPrefix(inVolume, "/"))
		}
	}
	probes := answer{}
	for name, probe := range map[string]*v1.Probe{
		"livenessProbe": input.of.LivenessProbe, "readinessProbe": input.of.ReadinessProbe, "startupProbe": input.of.StartupProbe,
	} {
		if probe != nil && probe.Exec != nil {
			probes[name] = texts(container.ExpandContainerCommandOnlyStatic(probe.Exec.Command, input.of.Env))
		}
	}
	words, args := container.ExpandContainerCommandAndArgs(input.of, env)
	return answer{"command": texts(words), "args": texts(args), "subPaths": subPaths, "probes": probes}, nil
}
