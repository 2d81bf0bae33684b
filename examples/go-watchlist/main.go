// Keeps the opens of files that stand in a list, one a line; empty lines and comments are allowed. The list is a file that the user grants:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o watchlist.wasm .
//	ig run trace_open --wasm-operator watchlist.wasm --grant go-watchlist=file:/etc/watchlist=MYLIST
//
// ig.go is the contract, the same that `ig operator new --lang go` writes.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

var (
	path  field
	files = map[string]bool{}
)

func initialise(table initTable) error {
	list, err := os.Open("/etc/watchlist")
	if err != nil {
		return err
	}
	defer list.Close()
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			files[line] = true
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	name := os.Getenv("WATCHLIST_NAME")
	if name == "" {
		name = "the list"
	}
	fmt.Printf("%s: %d files\n", name, len(files))
	path, err = table.field("open", "fname")
	return err
}

func process(rows batch) {
	rows.retain(func(row uint32) bool { return files[rows.text(path, row)] })
}
