/**
 * Every error a user can meet, in one table. Codes are stable; tests and tools match codes, never texts.
 * `docs/errors.md` is generated from this table (`npm run docs`).
 */

/** A table entry: `message` and `hint` are templates in which `{name}` is replaced by the error's details. */
export interface ErrorKind {
	/** What went wrong. */
	readonly message: string;
	/** What the user can do about it. */
	readonly hint?: string;
	/** Process exit code; 1 when absent. */
	readonly exit?: number;
}

export const errorKinds = {
	IG_USAGE: { message: '{reason}', hint: 'see `{help}`', exit: 2 },
	IG_FLAG_UNKNOWN: { message: "unknown flag '{flag}'{guess}", hint: 'see `{help}`', exit: 2 },
	IG_FLAG_VALUE: { message: "flag '{flag}': '{value}' {reason}", hint: 'see `{help}`', exit: 2 },
	IG_FLAG_LATER: { message: "flag '{flag}' is not supported yet: {reason}", hint: '{instead}', exit: 2 },
	IG_NOT_ROOT: { message: 'loading eBPF programs needs root', hint: 'run it with sudo; `ig replay` and `--help` work without' },
	IG_NO_BTF: {
		message: 'this kernel ({kernel}) has no BTF: {path} is missing',
		hint: 'give it with --btf FILE (docs/gadgets.md says where from), or use a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian 11+, Ubuntu 20.10+, Fedora 31+ have it)',
	},
	IG_BTF: { message: "cannot use the kernel's BTF in '{path}': {reason}", hint: 'give a file of this very kernel with --btf' },
	IG_NO_TRACEFS: {
		message: 'tracefs is not mounted',
		hint: 'mount -t tracefs tracefs /sys/kernel/tracing, or run it with --auto-mount-filesystems',
	},
	IG_KERNEL_TOO_OLD: { message: 'this kernel is {kernel}; ig needs {needed} or later', hint: 'use a newer kernel' },
	IG_NO_NODE_VERSION: { message: 'node {found} is too old; ig needs {needed} or later', hint: 'install a newer Node.js (nodejs.org, nvm)' },
	IG_NOT_BUILT: { message: '{path} is missing', hint: 'build it: run ./ig from the source tree, or `npm run build`' },
	IG_GADGET_NOT_FOUND: {
		message: "no gadget '{gadget}'{guess}",
		hint: 'built-in gadgets: {known}; or give the path of a directory with gadget.yaml',
	},
	IG_GADGET_INVALID: { message: "gadget '{gadget}': {reason}" },
	IG_GADGET_BUILD: { message: "cannot build gadget '{gadget}': {reason}", hint: 'docs/gadgets.md shows what a gadget is made of' },
	IG_GADGET_HOOK: { message: "gadget '{gadget}' cannot hook '{hook}' on this kernel: {reason}", hint: 'use a newer kernel' },
	IG_METADATA: { message: '{file}:{line}:{column}: {reason}\n{frame}', hint: 'docs/gadgets.md says what can be in a gadget.yaml' },
	IG_PARAM: { message: "parameter '{param}': '{value}' {reason}", exit: 2 },
	IG_NO_PCAP: {
		message: "flag '--{flag}' needs libpcap, which is not installed",
		hint: 'install it: apt-get install libpcap0.8, dnf install libpcap, pacman -S libpcap, apk add libpcap',
	},
	IG_DATASOURCE: { message: "the gadget has no data source '{name}'", hint: 'it has: {known}', exit: 2 },
	IG_OPERATOR_FILE: { message: "operator '{file}': {reason}", exit: 2 },
	IG_OPERATOR_PARAM: { message: "operator '{operator}' has no parameter '{param}'{guess}", hint: 'it has: {known}', exit: 2 },
	IG_OUTPUT: { message: "cannot write '{path}': {reason}" },
	IG_RECORDING: { message: "recording '{path}': {reason}" },
	IG_BPF_DENIED: {
		message: 'the kernel does not let this process use eBPF ({doing}: {reason})',
		hint: 'in a container, run it privileged or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; on the host, check kernel lockdown',
	},
	IG_TRACEFS_MOUNT: { message: 'cannot mount tracefs on {path}: {reason}', hint: 'mount -t tracefs tracefs {path}' },
	IG_OBJECT: { message: "eBPF object '{object}': {reason}" },
	IG_OBJECT_LOAD: { message: "the kernel did not load eBPF object '{object}': {reason}\n{log}" },
	IG_OBJECT_VARIABLE: { message: "eBPF object '{object}' has no variable '{variable}'" },
	IG_VERIFIER: { message: "the kernel's verifier refused program '{program}': {reason}\n{log}", hint: 'run it with -v for the whole log' },
	IG_HOOK_MISSING: {
		message: "program '{program}' needs the {what} '{target}', which this kernel does not have",
		hint: 'use a kernel that has it',
	},
	IG_ATTACH: { message: "cannot attach program '{program}' ({section}): {reason}" },
	IG_INTERNAL: { message: 'internal error: {reason}', hint: 'this is a bug in ig; run again with -v and report it' },
	IG_OPERATOR_WASM: {
		message: '{file}: {reason}',
		hint: 'an operator is a WebAssembly module or component; docs/operator-doors.md says how each language builds one',
	},
	IG_OPERATOR_ABI: {
		message: '{file} is not an operator that this ig can run: {reason}',
		hint: 'see docs/operator-doors.md and docs/operator-abi.md',
	},
	IG_OPERATOR_MANIFEST: { message: '{file}: its manifest is not valid: {reason}', hint: 'the schema is docs/manifest.schema.json' },
	IG_OPERATOR_MEMORY: {
		message: '{file} starts with {pages} pages of memory, its limit is {limit}',
		hint: 'raise `memoryPages` in its manifest, or let it start smaller',
	},
	IG_OPERATOR_INIT: { message: 'operator {name} {reason}', hint: 'the run did not start; its own messages are above' },
	IG_OPERATOR_FAILED: { message: 'operator {name} {reason}; the run stops because its onError is stop' },
	IG_OPERATOR_PROJECT: {
		message: "operator project '{folder}' {reason}",
		hint: '`ig operator new NAME --lang LANGUAGE` makes one',
		exit: 2,
	},
	IG_OPERATOR_BUILD: { message: '{folder} was not built: {reason}' },
	IG_OPERATOR_BENCH: { message: 'operator {name} cannot be measured: {reason}' },
	IG_OPERATOR_CASE: { message: '{file}: {reason}', hint: '`ig operator test --help` says what a case is', exit: 2 },
	IG_TOOLCHAIN: { message: 'an operator in {language} needs {tool}, which is not here', hint: '{hint}' },
	IG_PIPELINE: { message: 'the pipeline failed: {reason}' },
	IG_RECORDING_DAMAGED: { message: '{path} is damaged at byte {offset}: {reason}; {batches} batches before it were played' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

function fill(template: string, details: Readonly<Record<string, string | number>>): string {
	return template.replace(/\{(\w+)\}/g, (whole, key: string) => (key in details ? String(details[key]) : whole));
}

/** An error from the table. `message` is complete for people; `code` and `details` are for programs. */
export class IgError extends Error {
	readonly code: ErrorCode;
	readonly details: Readonly<Record<string, string | number>>;
	readonly hint: string | undefined;
	readonly exit: number;

	constructor(code: ErrorCode, details: Readonly<Record<string, string | number>> = {}, options?: ErrorOptions) {
		const kind: ErrorKind = errorKinds[code];
		super(fill(kind.message, details), options);
		this.name = 'IgError';
		this.code = code;
		this.details = details;
		this.hint = kind.hint === undefined ? undefined : fill(kind.hint, details);
		this.exit = kind.exit ?? 1;
	}
}
