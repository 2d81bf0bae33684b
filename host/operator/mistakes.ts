/** What people most often hand over in the place of an operator, and what to change. */

const text = new TextDecoder('latin1');

/** A file that is no WebAssembly binary. */
export function notWasm(bytes: Uint8Array): string {
	const head = text.decode(bytes.subarray(0, 64));
	if (head.startsWith('\x7fELF')) {
		return 'a program or object for a processor, not WebAssembly: build it for a WebAssembly target (Rust: --target wasm32-unknown-unknown, Go: GOOS=wasip1 GOARCH=wasm, C: --target=wasm32-wasi)';
	}
	if (head.startsWith('!<arch>')) {
		return 'a static library, not a WebAssembly module: let it be linked (Rust: crate-type = ["cdylib"], Go: -buildmode=c-shared)';
	}
	if (head.startsWith('BC\xc0\xde')) return 'LLVM bitcode, not a WebAssembly module: let it be linked, without -c and -emit-llvm';
	if (/^\s*(;;|\(;|\(module|\(component)/.test(head))
		return 'WebAssembly text: assemble it (wat2wasm FILE, or wasm-tools parse FILE -o OUT)';
	if (bytes.length === 0) return 'an empty file';
	return 'not a WebAssembly file';
}

/** Text with words of a stranger's in it, for one line of ours. */
export function oneLine(text: string): string {
	return text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ').slice(0, 500);
}

interface Surface {
	/** Name to kind. */
	readonly exports: ReadonlyMap<string, string>;
	readonly imports: readonly { readonly module: string; readonly name: string; readonly kind: string }[];
	/** It has the section of an object file. */
	readonly relocatable: boolean;
}

/** A module of another kind than an operator. Undefined: nothing known is wrong. */
export function anotherKind({ exports, imports, relocatable }: Surface): string | undefined {
	const from = (module: RegExp, name = /^/): boolean => imports.some((entry) => module.test(entry.module) && name.test(entry.name));
	if (relocatable) return 'it is an object file, not linked yet: leave out -c, or link it (wasm-ld --no-entry --export-dynamic)';
	if (exports.has('gadgetAPIVersion')) return "it is made for Inspektor Gadget's own WASM API, not for this ABI";
	if (from(/^(gojs|go)$/)) return 'it is built for a browser (GOOS=js): use GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared';
	if (from(/^wbg$|^__wbindgen/))
		return 'it is built for JavaScript by wasm-bindgen: build it without (cargo build --target wasm32-unknown-unknown)';
	if (from(/^env$/, /^(_?emscripten_|invoke_|__cxa_|__syscall_)/)) {
		return 'it is built by Emscripten for JavaScript: use clang --target=wasm32-wasi -mexec-model=reactor, or emcc -sSTANDALONE_WASM --no-entry';
	}
	if (from(/^wasi$/, /^thread-spawn$/) || from(/^wasix/))
		return 'it wants threads, which an operator does not get: build it for wasm32-wasip1';
	if (from(/^wasi_unstable$/)) return 'it is built for WASI of 2019 (wasi_unstable): build it with a newer compiler, for wasm32-wasip1';
	if (exports.has('_start') && !exports.has('_initialize')) {
		return 'it is a command (it exports _start), not a library: build it as a reactor (Rust: crate-type = ["cdylib"], Go: -buildmode=c-shared, C: -mexec-model=reactor, TinyGo: -buildmode=c-shared)';
	}
	return undefined;
}

/** How a function gets out of a module, for one that is not there. */
export const HOW_TO_EXPORT =
	'Rust: #[unsafe(no_mangle)] pub extern "C", Go: //go:wasmexport, C: __attribute__((export_name("…"))), linked as a library (Rust: crate-type = ["cdylib"])';

/** Why a file of an operator could not be read, with what to do. */
export function unreadable(cause: unknown): string {
	const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
	if (code === 'ENOENT') return 'there is no such file';
	if (code === 'EISDIR') return 'is a folder; `ig operator build` puts the module of a project into its build/';
	return code;
}
