// A filter on two fields in Go, without an SDK: keeps the opens of files below `prefix`, of process `pid` if that is given.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o filter.wasm .
//	ig run trace_open --wasm-operator filter.wasm,prefix=/etc
//
// docs/operator-abi.md is the contract; docs/operator-doors.md says what of WASI there is.
package main

import (
	"strconv"
	"unsafe"
)

// Of WASI's errnos.
const (
	einval = 28
	enoent = 44
)

//go:wasmimport ig field_want
func fieldWant(ds, field uint32) int32

// The init table.
type list struct{ count, offset uint32 }
type table struct {
	magic, size                                uint32
	sources, fields, annotations, tags, params list
}
type text struct{ offset, size uint32 }
type source struct {
	name                                     text
	kind, firstField, fieldCount, recordSize uint32
	_                                        [6]uint32
}
type field struct {
	id                        uint32
	name                      text
	kind, offset, size, flags uint32
	_                         [9]uint32
}
type param struct{ key, value text }

// The batch.
type batch struct {
	magic                                           uint32
	version, headerSize                             uint16
	source, flags, capacity, rowCount, stride       uint32
	rows, rowsSize, rowOffsets, selection, selected uint32
}

type offsets struct{ fname, pid uint32 }

var (
	kept   [][]byte // what the host was given: Go must not take it back
	wanted []offsets
	prefix string
	pid    uint32
)

// at is the T at an offset from an address in linear memory.
func at[T any](base, offset uint32) *T { return (*T)(unsafe.Pointer(uintptr(base + offset))) }

// array is n of them.
func array[T any](base, offset, n uint32) []T { return unsafe.Slice(at[T](base, offset), n) }

func (t text) in(base uint32) string { return string(array[byte](base, t.offset, t.size)) }

//go:wasmexport ig_abi_v1
func abi() {}

//go:wasmexport ig_alloc
func alloc(size uint32) uint32 {
	bytes := make([]byte, size+15)
	kept = append(kept, bytes)
	return (uint32(uintptr(unsafe.Pointer(&bytes[0]))) + 15) &^ 15
}

//go:wasmexport ig_init
func start(_, base, _ uint32) int32 {
	table := at[table](base, 0)
	for _, param := range array[param](base, table.params.offset, table.params.count) {
		switch value := param.value.in(base); param.key.in(base) {
		case "prefix":
			prefix = value
		case "pid":
			number, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				println(err.Error())
				return einval
			}
			pid = uint32(number)
		}
	}
	fields := array[field](base, table.fields.offset, table.fields.count)
	for ds, source := range array[source](base, table.sources.offset, table.sources.count) {
		found := map[string]uint32{}
		for _, field := range fields[source.firstField:][:source.fieldCount] {
			switch name := field.name.in(base); name {
			case "fname", "proc.pid":
				fieldWant(uint32(ds), field.id)
				found[name] = field.offset
			}
		}
		if len(found) != 2 {
			println(source.name.in(base), "has no fname and proc.pid")
			return enoent
		}
		wanted = append(wanted, offsets{found["fname"], found["proc.pid"]})
	}
	return 0
}

//go:wasmexport ig_batch
func run(_, base uint32) int32 {
	batch := at[batch](base, 0)
	at := wanted[batch.source]
	selection := array[uint32](base, batch.selection, batch.selected)
	count := 0
	// Asking for fields makes the rows equally long: the stride is never 0.
	for _, row := range selection {
		record := unsafe.Pointer(uintptr(base + batch.rows + row*batch.stride))
		if pid != 0 && *(*uint32)(unsafe.Add(record, at.pid)) != pid {
			continue
		}
		if unsafe.String((*byte)(unsafe.Add(record, at.fname)), len(prefix)) != prefix {
			continue
		}
		selection[count] = row
		count++
	}
	batch.selected = uint32(count)
	return 0
}

func main() {}
