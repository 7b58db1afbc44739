// Prepare writes the module file that builds the recorder against a release of Kubernetes, and
// prints the build tags for the signatures of that release.
//
// Usage: go run ./prepare VERSION MODULE_FILE
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Function is one that the recorder calls through its symbol, or whose parameters changed between
// releases. The compiler checks neither, so each known signature has a build tag.
type function struct {
	directory string
	name      string
	// Tags by signature, whitespace and package qualifiers removed.
	tags map[string]string
}

var functions = []function{
	{
		"pkg/kubelet", "makeEnvironmentVariables",
		map[string]string{
			"(*Kubelet)(*Pod, *Container, string, []string)([]EnvVar, error)":                     "env_29",
			"(*Kubelet)(*Pod, *Container, string, []string, VolumeMap)([]EnvVar, error)":          "env_34",
			"(*Kubelet)(Context, *Pod, *Container, string, []string, VolumeMap)([]EnvVar, error)": "env_36",
		},
	},
	{
		"pkg/kubelet", "getServiceEnvVarMap",
		map[string]string{"(*Kubelet)(string, bool)(map[string]string, error)": ""},
	},
	{
		"pkg/kubelet", "makeMounts",
		map[string]string{
			"(*Pod, string, *Container, string, string, []string, VolumeMap, HostUtils, Interface, []EnvVar)([]Mount, func(), error)":                             "mounts_29",
			"(*Pod, string, *Container, string, string, []string, VolumeMap, HostUtils, Interface, []EnvVar, bool)([]Mount, func(), error)":                       "mounts_30",
			"(*Pod, string, *Container, string, string, []string, VolumeMap, HostUtils, Interface, []EnvVar, bool, ImageVolumes)([]Mount, func(), error)":         "mounts_31",
			"(Logger, *Pod, string, *Container, string, string, []string, VolumeMap, HostUtils, Interface, []EnvVar, bool, ImageVolumes)([]Mount, func(), error)": "mounts_36",
		},
	},
	{
		"pkg/kubelet/envvars", "makeEnvVariableName",
		map[string]string{"(string)(string)": ""},
	},
	{
		"pkg/kubelet/util/env", "ParseEnv",
		map[string]string{"": "envfile_none", "(string, string)(string, error)": "envfile_34"},
	},
	{
		"pkg/apis/core/validation", "ValidateEnvFrom",
		map[string]string{
			"([]EnvFromSource, *Path)(ErrorList)":                       "validation_29",
			"([]EnvFromSource, *Path, PodValidationOptions)(ErrorList)": "validation_30",
		},
	},
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: go run ./prepare VERSION MODULE_FILE")
	}
	version := "v" + strings.TrimPrefix(os.Args[1], "v")
	module := download(version)
	if err := os.WriteFile(os.Args[2], []byte(moduleFile(module, version)), 0o644); err != nil {
		fail("%v", err)
	}
	var tags []string
	for _, function := range functions {
		if tag := tagOf(module.Dir, function); tag != "" {
			tags = append(tags, tag)
		}
	}
	fmt.Println(strings.Join(tags, ","))
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "prepare: "+format+"\n", arguments...)
	os.Exit(1)
}

type module struct{ Dir, GoMod, Error string }

func download(version string) module {
	// Outside of the module, so that its file does not matter.
	command := exec.Command("go", "mod", "download", "-json", "k8s.io/kubernetes@"+version)
	command.Dir = os.TempDir()
	output, err := command.Output()
	var downloaded module
	if json.Unmarshal(output, &downloaded) != nil || downloaded.Dir == "" {
		fail("k8s.io/kubernetes %s cannot be downloaded: %v %s", version, err, downloaded.Error)
	}
	return downloaded
}

var (
	stagingReplacement = regexp.MustCompile(`(?m)^\s*(k8s\.io/[a-z-]+) => \./staging/src/`)
	goVersion          = regexp.MustCompile(`(?m)^go .*$`)
	godebug            = regexp.MustCompile(`(?ms)^godebug (?:\(.*?^\)|[^(\n]*)$`)
)

// moduleFile requires Kubernetes and replaces its staging modules, which are published under other
// versions. Settings that change the behavior of Go's library are those of Kubernetes.
func moduleFile(kubernetes module, version string) string {
	text, err := os.ReadFile(kubernetes.GoMod)
	if err != nil {
		fail("%v", err)
	}
	var file strings.Builder
	fmt.Fprintf(&file, "module kubelet-env.invalid/recorder\n\n%s\n\n", goVersion.Find(text))
	for _, setting := range godebug.FindAll(text, -1) {
		fmt.Fprintf(&file, "%s\n\n", setting)
	}
	fmt.Fprintf(&file, "require k8s.io/kubernetes %s\n\nreplace (\n", version)
	staging := "v0" + strings.TrimPrefix(version, "v1")
	replacements := stagingReplacement.FindAllSubmatch(text, -1)
	if len(replacements) < 20 {
		fail("the module file of Kubernetes %s replaces only %d modules by its staging directory: has its form changed?", version, len(replacements))
	}
	for _, replacement := range replacements {
		fmt.Fprintf(&file, "\t%s => %s %s\n", replacement[1], replacement[1], staging)
	}
	file.WriteString(")\n")
	return file.String()
}

func tagOf(root string, function function) string {
	signature := ""
	packages, err := parser.ParseDir(token.NewFileSet(), filepath.Join(root, function.directory), func(info os.FileInfo) bool {
		return !strings.HasSuffix(info.Name(), "_test.go")
	}, parser.SkipObjectResolution)
	if err != nil && !os.IsNotExist(err) {
		fail("%v", err)
	}
	for _, parsed := range packages {
		for _, file := range parsed.Files {
			for _, declaration := range file.Decls {
				if declared, ok := declaration.(*ast.FuncDecl); ok && declared.Name.Name == function.name {
					signature = fields(declared.Recv) + fields(declared.Type.Params) + fields(declared.Type.Results)
				}
			}
		}
	}
	tag, known := function.tags[signature]
	if !known {
		fail("%s.%s has the unknown signature %q: add it to prepare/main.go and to a file with a build tag", function.directory, function.name, signature)
	}
	return tag
}

var qualifier = regexp.MustCompile(`\b[a-zA-Z0-9]+\.`)

// fields prints the types of parameters without packages, which are imported under varying names.
func fields(list *ast.FieldList) string {
	if list == nil {
		return ""
	}
	var types []string
	for _, field := range list.List {
		var text strings.Builder
		if err := printer.Fprint(&text, token.NewFileSet(), field.Type); err != nil {
			fail("%v", err)
		}
		printed := qualifier.ReplaceAllString(text.String(), "")
		for count := 0; count == 0 || count < len(field.Names); count++ {
			types = append(types, printed)
		}
	}
	return "(" + strings.Join(types, ", ") + ")"
}
