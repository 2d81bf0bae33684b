// Keeps files below a folder: ig run trace_open --wasm-operator build/{{name}}.wasm,prefix=/etc/
package main

var (
	path   field
	prefix string
)

// Called once. What is looked up here is what the host fills in; an error ends the run.
func initialise(table initTable) (err error) {
	path, err = table.field("open", "fname")
	prefix = table.param("prefix")
	return err
}

// Called for each batch: some rows, some hundreds.
func process(rows batch) {
	rows.retain(func(row uint32) bool { return rows.hasPrefix(path, row, prefix) })
}
