/** `node dist/test/vm/run.js KERNEL -- COMMAND…`: runs a command in a VM from the shell. */
import { isKernelVersion, kernelVersions } from './kernels.js';
import { runInVm } from './vm.js';

const [version = '', dashes, ...words] = process.argv.slice(2);
if (!isKernelVersion(version) || dashes !== '--' || words.length === 0) {
	process.stderr.write(`usage: node dist/test/vm/run.js KERNEL -- COMMAND…\n  KERNEL: ${kernelVersions.join(', ')}\n`);
	process.exit(2);
}
// One word is a shell command; several are a program and its arguments.
const command = words.length === 1 ? (words[0] ?? '') : words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
const result = await runInVm(version, command, { timeoutMs: Number(process.env.IG_VM_TIMEOUT_MS ?? 600_000), cwd: process.cwd() });
process.stdout.write(result.stdout);
process.stderr.write(result.stderr);
if (process.env.IG_VM_CONSOLE) process.stderr.write(result.console);
process.exitCode = result.code;
