// Says what it can reach of the world by WASI: a line for each thing that it tries. ../reach.c tries the same.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

var kept [][]byte

//go:wasmexport ig_abi_v1
func abi() {}

//go:wasmexport ig_alloc
func alloc(size uint32) uint32 {
	bytes := make([]byte, size+15)
	kept = append(kept, bytes)
	return (uint32(uintptr(unsafe.Pointer(&bytes[0]))) + 15) &^ 15
}

// The errno's own words, as in C.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

func say(what string, err error) {
	if err != nil {
		fmt.Printf("%s: %s\n", what, reason(err))
	} else {
		fmt.Printf("%s: done\n", what)
	}
}

func read(path string) {
	file, err := os.Open(path)
	if err != nil {
		fmt.Printf("read %s: %s\n", path, reason(err))
		return
	}
	defer file.Close()
	file.Seek(-6, io.SeekEnd)
	text, _ := io.ReadAll(file)
	fmt.Printf("read %s: %s\n", path, text)
}

func list(path string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		fmt.Printf("list %s: %s\n", path, reason(err))
		return
	}
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	fmt.Printf("list %s: %s\n", path, strings.Join(names, " "))
}

func variable(name string) {
	value, ok := os.LookupEnv(name)
	if !ok {
		value = "none"
	}
	fmt.Printf("%s: %s\n", name, value)
}

func open(path string, flags int) error {
	file, err := os.OpenFile(path, flags, 0o600)
	if err == nil {
		file.Close()
	}
	return err
}

//go:wasmexport ig_init
func start(_, _, _ uint32) int32 {
	fmt.Printf("arguments: %s\n", strings.Join(os.Args, " "))
	variable("IG_WORD")
	variable("HOME")
	read("/words")
	list("/data")
	read("/data/inner/word")
	read("/data/inside")
	read("/data/outside")
	read("/data/absolute")
	read("/data/../../words")
	read("/etc/passwd")
	say("write", open("/words", os.O_RDWR))
	say("truncate", open("/words", os.O_RDONLY|os.O_TRUNC))
	say("create", open("/data/new", os.O_RDONLY|os.O_CREATE))
	say("rename", os.Rename("/words", "/data/words"))
	say("unlink", os.Remove("/words"))
	say("mkdir", os.Mkdir("/data/new", 0o700))
	say("link", os.Symlink("/etc/passwd", "/data/new"))
	size := int64(-1)
	if info, err := os.Stat("/words"); err == nil {
		size = info.Size()
	}
	fmt.Printf("size: %d\n", size)
	return 0
}

//go:wasmexport ig_batch
func run(_, _ uint32) int32 { return 0 }

func main() {}
