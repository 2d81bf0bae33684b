/** Turns a failed open or load into an error that names the cause, from libbpf's messages. */
import { release } from 'node:os';
import { IgError } from '../errors.js';
import { errnoName } from './native.js';
import { since } from './since.js';

/** Kinds of programs that depend on how a kernel was built, and on its processor. */
const KINDS_OF_BUILD = ['fentry', 'fexit', 'fmod_ret', 'lsm'];

/** Lines of the verifier's log that a person gets to see. */
const SHOWN = 15;

/** What libbpf printed between its BEGIN and END lines, for the program that did not load. */
function verifierLog(log: string): { program: string; lines: string[] } | undefined {
	const found = /prog '([^']+)': -- BEGIN PROG LOAD LOG --\n([\s\S]*?)(?:-- END PROG LOAD LOG --|$)/.exec(log);
	if (found === null) return undefined;
	const lines = (found[2] ?? '').split('\n').map((line) => line.trimEnd());
	return { program: found[1] ?? '', lines: lines.filter((line) => line !== '') };
}

/** Bookkeeping that the verifier adds after the line that matters. */
function isStatistics(line: string): boolean {
	return /^(processed \d+ insns|max_states_per_insn|verification time|stack depth)/.test(line);
}

/** Verifier's lines that explain: neither an instruction, nor source, nor the state of registers. */
function isReason(line: string): boolean {
	return (
		!/^(\d+: |;|from \d+ to|R\d+(_\w+)?=|last_idx|first_idx|parent |regs=|mark_precise|func#|Live regs|\s|\(|-- )/.test(line) &&
		!isStatistics(line)
	);
}

function lastLines(text: string): string {
	const lines = text.split('\n').filter((line) => line.trim() !== '');
	return lines.slice(-SHOWN).join('\n');
}

function verifierError(log: string): IgError | undefined {
	const found = verifierLog(log);
	if (found === undefined || found.lines.length === 0) return undefined;
	const useful = found.lines.filter((line) => !isStatistics(line));
	const reason = useful.findLast(isReason) ?? useful.at(-1) ?? 'no reason given';
	return new IgError('IG_VERIFIER', {
		program: found.program,
		reason,
		log: useful
			.slice(-SHOWN)
			.map((line) => `  ${line}`)
			.join('\n'),
	});
}

/** A BTF target that this kernel does not have: fentry, fexit, tp_btf, LSM. */
function missingTarget(log: string): IgError | undefined {
	const found = /prog '([^']+)': failed to find (?:kernel )?BTF type ID of '([^']+)'/.exec(log);
	return found
		? new IgError('IG_HOOK_MISSING', { program: found[1] ?? '', what: 'function or tracepoint', target: found[2] ?? '' })
		: undefined;
}

function denied(errno: number, doing: string): IgError | undefined {
	const reason = errnoName(errno);
	if (reason !== 'EPERM') return undefined;
	return process.geteuid?.() === 0 ? new IgError('IG_BPF_DENIED', { doing, reason }) : new IgError('IG_NOT_ROOT');
}

export function openError(object: string, errno: number, log: string): IgError {
	if (/BTF is required, but is missing/.test(log)) {
		return new IgError('IG_OBJECT', {
			object,
			reason: 'it has no types (BTF): compile it with -g, and strip it with llvm-strip -g or not at all',
		});
	}
	const said = lastLines(log).replaceAll(/^libbpf: /gm, '');
	return new IgError('IG_OBJECT', { object, reason: said === '' ? `cannot be opened: ${errnoName(errno)}` : said });
}

/** What a kernel says of a kind of program that its build or its lockdown does not allow: nothing about the program itself. */
function refusedKind(errno: number, log: string, sectionOf: (program: string) => string | undefined): IgError | undefined {
	const reason = errnoName(errno);
	const program = /prog '([^']+)': failed to load: /.exec(log)?.[1];
	const section = program === undefined ? undefined : sectionOf(program);
	const kind = section?.split('/', 1)[0]?.replace(/\.s$/, '') ?? '';
	if (program === undefined || section === undefined || !KINDS_OF_BUILD.includes(kind) || (reason !== 'EPERM' && reason !== 'EINVAL'))
		return undefined;
	if (process.geteuid?.() !== 0) return undefined;
	return new IgError('IG_ATTACH', { program, section, reason: `this kernel refuses ${kind} programs (${reason})${since(kind)}` });
}

/** A section whose name says no kind of program, which libbpf finds out when it loads it. */
function unknownSection({ object, log }: LoadFailure): IgError | undefined {
	const found = /prog '([^']+)': missing BPF prog type, check ELF section name '([^']+)'/.exec(log);
	if (found === null) return undefined;
	const reason = `program '${found[1]}' is in section '${found[2]}', which is no kind of program: tracepoint/…, kprobe/…, fentry/… (docs/gadgets.md has all)`;
	return new IgError('IG_OBJECT', { object, reason });
}

export interface LoadFailure {
	/** The object's name. */
	readonly object: string;
	readonly errno: number;
	/** What libbpf said. */
	readonly log: string;
	/** The file that stands for the kernel's BTF, if one does. */
	readonly btfPath: string | undefined;
	/** Of a program, by name. */
	sectionOf(program: string): string | undefined;
}

export function loadError(failure: LoadFailure): IgError {
	const { object, errno, log, btfPath, sectionOf } = failure;
	if (btfPath !== undefined && /failed to parse target BTF/.test(log)) {
		return new IgError('IG_BTF', { path: btfPath, reason: 'it is not BTF' });
	}
	if (/BTF is required, but is missing|failed to find valid kernel BTF/.test(log)) {
		return new IgError('IG_NO_BTF', { kernel: release(), path: '/sys/kernel/btf/vmlinux' });
	}
	return (
		missingTarget(log) ??
		unknownSection(failure) ??
		verifierError(log) ??
		refusedKind(errno, log, sectionOf) ??
		denied(errno, `loading ${object}`) ??
		new IgError('IG_OBJECT_LOAD', { object, reason: errnoName(errno), log: lastLines(log) })
	);
}
