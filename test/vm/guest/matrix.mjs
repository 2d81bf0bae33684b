// Runs gadgets one after the other, in this one process: on an emulated machine starting Node.js takes longer than all the
// rest. In the environment: RUN, the module of `ig run`; PLAN, JSON: for each gadget `args`, a shell script `prepare`, and the
// `command` that makes something happen, with its arguments. Prints JSON: how each ended, what it wrote and said.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const { run } = await import(process.env.RUN);
const output = '/dev/shm/ig-output';
let said = '';
process.stderr.write = (text) => {
	said += text;
	return true;
};

/** Resolves when the gadget is attached, or over. */
async function attached(running) {
	let over = false;
	running.finally(() => {
		over = true;
	});
	while (!over && !said.includes('running...')) await setTimeout(20);
	return !over;
}

const results = [];
for (const { args, prepare, command } of JSON.parse(process.env.PLAN)) {
	said = '';
	if (prepare) execFileSync('sh', ['-c', prepare], { stdio: 'ignore' });
	const running = run([...args, '--output-file', output]).catch((error) => {
		said += `${error.message}\n`;
		return 1;
	});
	if (await attached(running)) {
		// What there is already is shown at once, and most that shows it ends by itself.
		const over = command ? false : await Promise.race([running.then(() => true), setTimeout(10_000, false)]);
		if (command) execFileSync(command[0], command.slice(1), { stdio: 'ignore' });
		if (!over) process.kill(process.pid, 'SIGINT');
	}
	const code = await running;
	results.push({ code, stdout: readFileSync(output, 'utf8'), stderr: said });
}
console.log(JSON.stringify(results));
// Workers' last words may still be on their way.
process.exit(0);
