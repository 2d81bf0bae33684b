package main

// What the host and this operator share: docs/operator-abi.md, as far as this project needs it. Change it at will.

import (
	"errors"
	"unsafe"
)

//go:wasmimport ig field_want
func fieldWant(source, field uint32) int32

const einval = 28

type (
	pair  struct{ count, offset uint32 }
	text  struct{ offset, size uint32 }
	param struct{ key, value text }

	tableHeader struct {
		magic, size                                uint32
		sources, fields, annotations, tags, params pair
	}
	sourceEntry struct {
		name                                     text
		kind, firstField, fieldCount, recordSize uint32
		_                                        [6]uint32
	}
	fieldEntry struct {
		id                        uint32
		name                      text
		kind, offset, size, flags uint32
		parent, slot              int32
		_                         [7]uint32
	}
	batchHeader struct {
		magic                                           uint32
		version, headerSize                             uint16
		source, flags, capacity, rowCount, stride       uint32
		rows, rowsSize, rowOffsets, selection, selected uint32
	}
)

// at is the T at an offset from an address in linear memory.
func at[T any](base, offset uint32) *T { return (*T)(unsafe.Pointer(uintptr(base + offset))) }

// array is n of them.
func array[T any](base, offset, n uint32) []T { return unsafe.Slice(at[T](base, offset), n) }

func (t text) in(base uint32) string { return string(array[byte](base, t.offset, t.size)) }

type initTable struct{ base uint32 }

// A field in the records of a data source.
type field struct{ source, offset, size uint32 }

// Looks a field up, and asks the host to fill it in.
func (t initTable) field(source, name string) (field, error) {
	header := at[tableHeader](t.base, 0)
	fields := array[fieldEntry](t.base, header.fields.offset, header.fields.count)
	for id, entry := range array[sourceEntry](t.base, header.sources.offset, header.sources.count) {
		if entry.name.in(t.base) != source {
			continue
		}
		for _, found := range fields[entry.firstField:][:entry.fieldCount] {
			if found.name.in(t.base) != name {
				continue
			}
			if found.slot >= 0 {
				return field{}, errors.New(name + " is in a column, which this project does not read")
			}
			fieldWant(uint32(id), found.id)
			return field{uint32(id), found.offset, found.size}, nil
		}
	}
	return field{}, errors.New("there is no field " + name + " in a data source " + source)
}

// The value of a parameter, "" when there is none.
func (t initTable) param(key string) string {
	header := at[tableHeader](t.base, 0)
	for _, found := range array[param](t.base, header.params.offset, header.params.count) {
		if found.key.in(t.base) == key {
			return found.value.in(t.base)
		}
	}
	return ""
}

// A batch, at its address. Nothing of it is kept after the call.
type batch struct{ base uint32 }

// Keeps the rows that are wanted, in their order.
func (b batch) retain(keep func(row uint32) bool) {
	header := at[batchHeader](b.base, 0)
	kept := uint32(0)
	selection := array[uint32](b.base, header.selection, header.selected)
	for _, row := range selection {
		if keep(row) {
			selection[kept] = row
			kept++
		}
	}
	header.selected = kept
}

// The first byte of a field's value. Asking for fields makes the rows equally long: the stride is never 0.
func (b batch) value(f field, row uint32) unsafe.Pointer {
	header := at[batchHeader](b.base, 0)
	return unsafe.Pointer(uintptr(b.base + header.rows + row*header.stride + f.offset))
}

func (b batch) uint32(f field, row uint32) uint32 { return *(*uint32)(b.value(f, row)) }

// Whether a text in the record begins with this one.
func (b batch) hasPrefix(f field, row uint32, prefix string) bool {
	return uint32(len(prefix)) <= f.size && unsafe.String((*byte)(b.value(f, row)), len(prefix)) == prefix
}

// A text in the record, as it is during this call: strings.Clone it to keep it.
func (b batch) text(f field, row uint32) string {
	bytes := unsafe.Slice((*byte)(b.value(f, row)), f.size)
	for size, char := range bytes {
		if char == 0 {
			return unsafe.String(&bytes[0], size)
		}
	}
	return string(bytes)
}

// What the host was given: the collector must not take it back.
var given [][]byte

//go:wasmexport ig_abi_v1
func igAbi() {}

//go:wasmexport ig_alloc
func igAlloc(size uint32) uint32 {
	bytes := make([]byte, size+15)
	given = append(given, bytes)
	return (uint32(uintptr(unsafe.Pointer(&bytes[0]))) + 15) &^ 15
}

//go:wasmexport ig_init
func igInit(_, table, _ uint32) int32 {
	if err := initialise(initTable{table}); err != nil {
		println(err.Error()) // a line in the log
		return einval
	}
	return 0
}

//go:wasmexport ig_batch
func igBatch(_, address uint32) int32 {
	process(batch{address})
	return 0
}

func main() {}
