// Traces known actions. In the environment: IG, its main.js; PLAN, JSON: `prepare`, a shell script; `runs`, the arguments of several `ig`, which run at
// the same time; `commands`, which are run one after the other while all of them trace; `stat`, files to describe.
// Prints JSON: this process, how each `ig` ended and what each command said.
import { execFileSync, spawn } from 'node:child_process';
import { readlinkSync, statSync } from 'node:fs';

const plan = JSON.parse(process.env.PLAN);

function start(args) {
	const child = spawn(process.execPath, [process.env.IG, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
	const result = { args, code: null, stdout: '', stderr: '' };
	const ended = new Promise((resolve) => {
		child.on('close', (code) => resolve({ ...result, code }));
	});
	const running = new Promise((resolve) => {
		child.stdout.setEncoding('utf8').on('data', (chunk) => {
			result.stdout += chunk;
		});
		child.stderr.setEncoding('utf8').on('data', (chunk) => {
			result.stderr += chunk;
			if (result.stderr.includes('running...')) resolve();
		});
		// It has failed: the test will say so.
		child.on('close', resolve);
	});
	return { child, ended, running };
}

function describe(file) {
	const { ino, dev, ctimeNs } = statSync(file, { bigint: true });
	// As glibc's major() and minor() take them out of a number.
	const major = Number((dev >> 8n) & 0xfffn);
	const minor = Number((dev & 0xffn) | ((dev >> 12n) & 0xfff00n));
	return { inode: Number(ino), major, minor, ctime: Number(ctimeNs) };
}

execFileSync('sh', ['-eu', '-c', plan.prepare], { stdio: ['ignore', 'inherit', 'inherit'] });
const runs = plan.runs.map(start);
await Promise.all(runs.map(({ running }) => running));
const outputs = plan.commands.map(({ file, args, cwd }) => execFileSync(file, args, { cwd, encoding: 'utf8' }));
for (const { child } of runs) child.kill('SIGINT');
console.log(
	JSON.stringify({
		pid: process.pid,
		mntns: Number(/\d+/.exec(readlinkSync('/proc/self/ns/mnt'))[0]),
		files: Object.fromEntries(plan.stat.map((file) => [file, describe(file)])),
		outputs,
		runs: await Promise.all(runs.map(({ ended }) => ended)),
	}),
);
