// Recorder answers the cases of `tests/conformance` with the functions of Kubernetes themselves.
// `record` builds it for a release. README.md there describes the families.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

var (
	release = flag.String("release", "", "the release of Kubernetes, such as 1.37.0")
	cases   = flag.String("cases", "", "the directory with the committed cases")
	out     = flag.String("out", "", "the directory for the answers")
	serve   = flag.Bool("serve", false, "answer cases of the standard input, one a line")
	timed   = flag.Bool("measure", false, "print how long the container of the benchmarks takes")
)

// line is a case. Its fields are in the order in which they are written.
type line struct {
	Case    string          `json:"case"`
	Release string          `json:"release,omitempty"`
	Given   json.RawMessage `json:"given"`
	Expect  json.RawMessage `json:"expect"`
}

func main() {
	flag.Parse()
	klog.SetLogger(logr.Discard())
	defer os.RemoveAll(scratch())
	var err error
	switch {
	case *serve:
		err = answerStandardInput()
	case *timed:
		err = measure()
	case *release == "" || *cases == "" || *out == "":
		err = errors.New("-release, -cases and -out are required")
	default:
		err = record()
	}
	if err != nil {
		os.RemoveAll(scratch())
		stop("%v", err)
	}
}

var scratchDirectory string

// scratch returns a directory for the files that functions of Kubernetes read.
func scratch() string {
	if scratchDirectory == "" {
		parent := ""
		if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
			parent = "/dev/shm"
		}
		directory, err := os.MkdirTemp(parent, "recorder")
		if err != nil {
			stop("%v", err)
		}
		scratchDirectory = directory
	}
	return scratchDirectory
}

// expectOf returns the answer to a case, as it is written.
func expectOf(family string, given []byte) (written json.RawMessage, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v", panicked)
		}
	}()
	function, ok := families[family]
	if !ok {
		return nil, fmt.Errorf("the family %q is not known", family)
	}
	expect, err := function(given)
	if err != nil {
		return nil, err
	}
	return encode(expect)
}

func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// write keeps the bytes of `given`. A JSON encoder would change its form.
func (line line) write() []byte {
	var text bytes.Buffer
	name, _ := encode(line.Case)
	fmt.Fprintf(&text, `{"case":%s`, name)
	if line.Release != "" {
		fmt.Fprintf(&text, `,"release":%q`, line.Release)
	}
	fmt.Fprintf(&text, `,"given":%s,"expect":%s}`, line.Given, line.Expect)
	return text.Bytes()
}

func readLines(path string) ([]line, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var lines []line
	// Values may hold other line separators than "\n".
	for number, written := range bytes.Split(text, []byte("\n")) {
		if len(written) == 0 {
			continue
		}
		var read line
		if err := json.Unmarshal(written, &read); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number+1, err)
		}
		lines = append(lines, read)
	}
	return lines, err
}

func writeLines(lines []line, path ...string) error {
	file := filepath.Join(path...)
	if len(lines) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	var text bytes.Buffer
	for _, line := range lines {
		text.Write(line.write())
		text.WriteByte('\n')
	}
	return os.WriteFile(file, text.Bytes(), 0o644)
}

func sameValue(one, other json.RawMessage) bool {
	var first, second any
	return json.Unmarshal(one, &first) == nil && json.Unmarshal(other, &second) == nil && reflect.DeepEqual(first, second)
}

// sameButForPicks reports whether two answers differ in nothing but the values that were seen of a
// random pick, or whether a pick was seen at all.
func sameButForPicks(one, other json.RawMessage) bool {
	type observed struct {
		Env       map[string]json.RawMessage
		Ambiguous map[string][]json.RawMessage
	}
	var first, second observed
	if json.Unmarshal(one, &first) != nil || json.Unmarshal(other, &second) != nil {
		return false
	}
	if len(first.Ambiguous)+len(second.Ambiguous) == 0 {
		return false
	}
	same := func(one, other observed) bool {
		for name, value := range one.Env {
			if _, picked := other.Ambiguous[name]; !picked && !bytes.Equal(value, other.Env[name]) {
				return false
			}
		}
		return true
	}
	return same(first, second) && same(second, first)
}

// record answers the committed cases of every family, writes the answers in three forms, and
// compares them with the committed ones.
func record() error {
	// A release without a patch is its first.
	name := strings.TrimSuffix(*release, ".0")
	minor := strings.Join(strings.SplitN(*release, ".", 3)[:2], ".")
	var names []string
	for family := range families {
		names = append(names, family)
	}
	sort.Strings(names)
	fmt.Printf("%-18s %6s %8s %6s   committed answers of %s\n", "family", "cases", "changed", "picks", minor)
	for _, family := range names {
		committed, err := readLines(filepath.Join(*cases, family+".jsonl"))
		if err != nil {
			return err
		}
		var newest, all, changed []line
		picks := 0
		unsupported := false
		for _, known := range committed {
			expect, err := expectOf(family, known.Given)
			if errors.Is(err, errors.ErrUnsupported) {
				unsupported = true
				break
			} else if err != nil {
				return fmt.Errorf("%s: %w", known.Case, err)
			}
			same := sameValue(expect, known.Expect)
			if same {
				// The order and the escapes stay.
				expect = known.Expect
			}
			answered := line{Case: known.Case, Given: known.Given, Expect: expect}
			newest = append(newest, answered)
			answered.Case, answered.Release = minor+"/"+known.Case, name
			all = append(all, answered)
			if !same {
				if sameButForPicks(expect, known.Expect) {
					picks++
				} else {
					changed = append(changed, answered)
				}
			}
		}
		if unsupported {
			fmt.Printf("%-18s the release has no such function\n", family)
			continue
		}
		older, err := readLines(filepath.Join(*cases, "releases", minor, family+".jsonl"))
		if err != nil {
			return err
		}
		identical, differing := 0, []string{}
		for _, known := range older {
			expect, err := expectOf(family, known.Given)
			if err != nil {
				return fmt.Errorf("%s: %w", known.Case, err)
			}
			if sameValue(expect, known.Expect) || sameButForPicks(expect, known.Expect) {
				identical++
			} else {
				differing = append(differing, known.Case)
			}
		}
		fmt.Printf("%-18s %6d %8d %6d", family, len(committed), len(changed), picks)
		if len(older) > 0 {
			fmt.Printf("   %d of %d identical %s", identical, len(older), strings.Join(differing, " "))
		}
		fmt.Println()
		for _, form := range []struct {
			directory string
			lines     []line
		}{{"newest", newest}, {minor, all}, {filepath.Join("changed", minor), changed}} {
			if err := writeLines(form.lines, *out, form.directory, family+".jsonl"); err != nil {
				return err
			}
		}
	}
	return nil
}

// answerStandardInput writes each case with its answer, or with `skip` where there is none.
func answerStandardInput() error {
	input, output := bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		written, err := input.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return output.Flush()
		} else if err != nil {
			return err
		}
		var asked line
		if err := json.Unmarshal(written, &asked); err != nil {
			return err
		}
		parts := strings.Split(asked.Case, "/")
		if len(parts) < 2 {
			return fmt.Errorf("%q is no case", asked.Case)
		}
		asked.Expect, err = expectOf(parts[len(parts)-2], asked.Given)
		if err != nil {
			asked.Expect, _ = encode(answer{"skip": err.Error()})
		}
		output.Write(asked.write())
		output.WriteByte('\n')
		if input.Buffered() == 0 {
			if err := output.Flush(); err != nil {
				return err
			}
		}
	}
}
