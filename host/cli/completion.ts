/** Shell completion: small scripts that ask `ig __complete` for candidates. */
import { IgError } from '../errors.js';
import { builtInGadgets } from '../gadget/gadget.js';
import type { Flag } from './flags.js';
import { commands } from './program.js';
import { commonFlags, replayFlags, runFlags } from './run-flags.js';

const shells: Readonly<Record<string, string | undefined>> = {
	bash: `_ig() {
	local IFS=$'\\n'
	COMPREPLY=($(ig __complete "\${COMP_WORDS[@]:1:COMP_CWORD-1}" -- "\${COMP_WORDS[COMP_CWORD]}" 2>/dev/null | cut -f1))
	[[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -o default -F _ig ig
`,
	zsh: `#compdef ig
_ig() {
	local -a found
	local line
	for line in "\${(@f)$(ig __complete "\${(@)words[2,CURRENT-1]}" -- "\${words[CURRENT]}" 2>/dev/null)}"; do
		found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
	done
	if (( \${#found} )); then _describe ig found; else _files; fi
}
compdef _ig ig
`,
	fish: `complete -c ig -f -a '(ig __complete (commandline -opc)[2..] -- (commandline -ct) 2>/dev/null)'
complete -c ig -n 'test -z "(ig __complete (commandline -opc)[2..] -- (commandline -ct) 2>/dev/null)"' -F
`,
};

export function completion(args: readonly string[]): Promise<number> {
	const shell = args[0] ?? '';
	const script = shells[shell];
	if (script === undefined) {
		const names = Object.keys(shells).join(', ');
		const reason =
			shell === '' || shell.startsWith('-')
				? `completion needs the name of a shell: ${names}`
				: `no completion for '${shell}', only for ${names}`;
		if (shell === '--help' || shell === '-h') {
			process.stdout.write(
				`Usage: ig completion bash|zsh|fish\n\nPrints a completion script. Load it with: source <(ig completion bash)\n`,
			);
			return Promise.resolve(0);
		}
		throw new IgError('IG_USAGE', { reason, help: 'ig completion --help' });
	}
	process.stdout.write(script);
	return Promise.resolve(0);
}

interface Candidate {
	readonly text: string;
	readonly description: string;
}

function flagCandidates(flags: readonly Flag[]): Candidate[] {
	return flags.filter((flag) => !flag.hidden).map((flag) => ({ text: `--${flag.name}`, description: flag.description }));
}

async function gadgetFlags(words: readonly string[]): Promise<readonly Flag[]> {
	const gadget = words.find((word) => builtInGadgets().includes(word));
	if (gadget === undefined) return [];
	try {
		const { flagsOf } = await import('./gadget-flags.js');
		return await flagsOf(gadget);
	} catch {
		return [];
	}
}

async function operatorCandidates([name, ...rest]: readonly string[], current: string): Promise<Candidate[]> {
	const { subcommands } = await import('./operator/command.js');
	if (name === undefined) return subcommands.map(({ name: text, description }) => ({ text, description }));
	if (rest.at(-1) === '--lang') {
		const { languages } = await import('./operator/languages.js');
		return languages.map(({ name: text }) => ({ text, description: 'language' }));
	}
	if (!current.startsWith('-')) return [];
	return flagCandidates(subcommands.find((subcommand) => subcommand.name === name)?.flags ?? []);
}

/** Candidates for the word after `words`. */
export async function candidates(words: readonly string[], current: string): Promise<Candidate[]> {
	const [command, ...rest] = words;
	if (command === undefined) return commands.map((entry) => ({ text: entry.name, description: entry.description }));
	const last = words.at(-1);
	if (command !== 'operator' && (last === '-o' || last === '--output')) {
		return ['columns', 'json', 'jsonpretty', 'yaml', 'none'].map((text) => ({ text, description: 'output mode' }));
	}
	if (command === 'completion') return Object.keys(shells).map((text) => ({ text, description: 'shell' }));
	if (command === 'help') return commands.map((entry) => ({ text: entry.name, description: entry.description }));
	if (command === 'operator') return await operatorCandidates(rest, current);
	if (command !== 'run' && command !== 'replay') return [];
	const own = command === 'run' ? runFlags : replayFlags;
	if (current.startsWith('-')) return flagCandidates([...(command === 'run' ? await gadgetFlags(rest) : []), ...commonFlags, ...own]);
	const gadgets = builtInGadgets();
	if (command === 'replay' || rest.some((word) => gadgets.includes(word))) return [];
	return gadgets.map((text) => ({ text, description: 'gadget' }));
}

/** `ig __complete WORD... -- CURRENT`: one candidate a line, a tab before its description. */
export async function complete(args: readonly string[]): Promise<number> {
	const at = args.lastIndexOf('--');
	const words = at === -1 ? args.slice(0, -1) : args.slice(0, at);
	const current = args.at(-1) ?? '';
	const found = (await candidates(words, current)).filter(({ text }) => text.startsWith(current));
	for (const { text, description } of found) process.stdout.write(`${text}\t${description.split('\n')[0]}\n`);
	return 0;
}
