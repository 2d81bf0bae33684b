/** docs/gadgets.md: its commands run, its programs compile, load and show what they should, its gadget.yaml is right. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkMetadata } from '../../host/gadget/metadata-file.js';
import { Ig, ig } from '../support/cli.js';
import { ether, ip as ip4, udp } from '../packets/build.js';
import { fixture, igDuring, jsonLines, linesOf } from '../support/live.js';
import { Network } from '../support/network.js';
import { root } from '../support/pipeline.js';

const guide = readFileSync(join(root, 'docs/gadgets.md'), 'utf8');
const blocks = (language: string): string[] =>
	[...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text ?? '');
const dir = mkdtempSync(join(tmpdir(), 'ig-guide-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** A folder with the guide's program that declares this. */
function program(macro: string): string {
	const text = blocks('c').find((block) => block.includes(`\n${macro}${macro.includes('(') ? '' : '('}`));
	if (text === undefined) throw new Error(`no program with ${macro}`);
	const folder = join(dir, macro.toLowerCase().replaceAll(/\W+/g, '_'));
	mkdirSync(folder);
	writeFileSync(join(folder, 'program.bpf.c'), text);
	return folder;
}

const interrupt = (): void => process.kill(process.pid, 'SIGCONT') && undefined;

describe('the guide', () => {
	it('has every macro', () => {
		const headers = ['macros', 'buffer', 'syscall_args', 'packetfilter', 'maps.bpf'].map((name) => `bpf/include/gadget/${name}.h`);
		const defined = headers.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(/^#define (GADGET_\w+)\(/gm)]);
		const inner = /^GADGET_(MARKER|KEEP_TYPE|TRACER_MAP_TYPE|PF_.*|ITER_(PICK|\d))$/;
		const names = defined.map(([, name = '']) => name).filter((name) => !inner.test(name));
		expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(guide))).toEqual([]);
	});

	it("has commands that run, in a new user's folder", { timeout: 60_000 }, () => {
		const [commands] = blocks('sh');
		const PATH = `${root}${delimiter}${process.env.PATH}`;
		const { status, stdout, stderr } = spawnSync('sh', ['-euc', commands ?? 'exit 9'], {
			cwd: dir,
			encoding: 'utf8',
			env: { ...process.env, PATH },
		});
		expect(stderr).not.toContain('error');
		expect(stdout).toContain('mine is valid\nPASS\n');
		expect(status).toBe(0);
	});

	it('shows events', async () => {
		const run = await igDuring([program('GADGET_TRACER'), '-o', 'json', '--pid', String(process.pid)], interrupt);
		expect(jsonLines(run)).toContainEqual(expect.objectContaining({ sig: 'SIGCONT', target: process.pid }));
	});

	it('takes parameters', async () => {
		const folder = program('GADGET_PARAM');
		const run = await igDuring([folder, '-o', 'json', '--least_signal', '18', '--filter', `pid==${process.pid},sig==18`], interrupt);
		expect(jsonLines(run)).toEqual([{ pid: process.pid, sig: 18 }]);
		expect((await ig(['run', folder, '--least_signal', '256'])).stderr).toContain('out of range: 0 to 255');
	});

	it('loads the programs that flags turn on', async () => {
		const folder = program('GADGET_OPTIONAL');
		const kinds = async (...flags: string[]) => {
			let pid = 0;
			const run = await igDuring([folder, '-o', 'json', ...flags], () => {
				pid = spawnSync('true').pid;
			});
			return jsonLines<{ pid: number; what: string }>(run)
				.filter((event) => event.pid === pid)
				.map(({ what }) => what);
		};
		expect(await kinds()).toEqual(['FORK', 'EXIT']);
		expect(await kinds('--exits')).toEqual(['EXIT']);
		expect(await kinds('--everything=false')).toEqual([]);
	});

	it('names the functions of stacks', async () => {
		const run = await igDuring([program('GADGET_TRACER(stacks,'), '-o', 'json', '--collect-ustack'], interrupt);
		const mine = jsonLines<{ pid: number; kernel_stack: string; user_stack: { symbols: string } }>(run).find(
			({ pid }) => pid === process.pid,
		);
		expect(mine?.kernel_stack).toMatch(/; do_syscall_64; |; el0_svc/);
		expect(mine?.user_stack.symbols).toMatch(/^\S*kill; /);
	});

	it('takes snapshots, sorted and cut', async () => {
		const folder = program('GADGET_SNAPSHOTTER');
		const snapshot = async (...flags: string[]) => {
			const { stdout, stderr } = await ig(['run', folder, '-o', 'json', ...flags]);
			expect(stderr).toBe('');
			return (JSON.parse(stdout.split('\n')[0] ?? '') as { nice: number; proc: { pid: number; comm: string } }[]).map(
				({ proc }) => proc.pid,
			);
		};
		const all = await snapshot('--sort', '-proc.pid');
		expect(all).toContain(process.pid);
		expect(all).toEqual([...all].sort((a, b) => b - a));
		expect(await snapshot('--sort', 'proc.pid', '--max-entries', '1')).toEqual(all.slice(-1));
		expect(await ig(['run', folder, '--sort', 'nice,proc.pit'])).toMatchObject({
			code: 2,
			stderr: expect.stringContaining('did you mean "proc.pid"?'),
		});
	});

	it('goes through a map', async () => {
		const folder = program('GADGET_ITER');
		writeFileSync(
			join(folder, 'gadget.yaml'),
			'datasources: {busy: {annotations: {fetch-interval: 0, fetch-count: "0", ebpf.iter.fetch-on-stop: true}}}\n',
		);
		let pid = 0;
		const run = await igDuring([folder, '-o', 'json'], () => {
			pid = spawnSync('cat', ['/etc/hostname', '/etc/hostname']).pid;
		});
		const rows = jsonLines<{ pid: number; opens: number }[]>(run).flat();
		expect(rows.find((row) => row.pid === pid)?.opens).toBeGreaterThanOrEqual(2);
		expect(rows.every(({ opens }) => opens >= 2)).toBe(true);
	});

	it('fetches tables', async () => {
		const running = new Ig([
			'run',
			program('GADGET_MAPITER(callers'),
			'-v',
			'-o',
			'json',
			'--map-fetch-interval',
			'100ms',
			'--filter',
			'comm==cat',
		]);
		await running.until('running...');
		execFileSync('cat', ['/etc/hostname']);
		await running.until('"cat"', 'stdout');
		running.signal('SIGINT');
		const rows = jsonLines<{ comm: string; calls: number }[]>(await running.done).flat();
		for (const row of rows) expect(row).toMatchObject({ comm: 'cat', calls: expect.any(Number) });
	});

	it('draws distributions', async () => {
		const folder = program('GADGET_MAPITER(reads, sizes)');
		writeFileSync(
			join(folder, 'gadget.yaml'),
			'datasources: {reads: {annotations: {metrics.print: true}, fields: {bytes: {annotations: {metrics.unit: bytes}}}}}\n',
		);
		const running = new Ig(['run', folder, '-v', '--map-fetch-interval', '100ms', '--filter', 'comm==head']);
		await running.until('running...');
		execFileSync('head', ['-c', '5', '/etc/passwd'], { stdio: 'ignore' });
		await running.until(/^bytes {2}comm=head\n {8}bytes {12}: count {4}distribution\n/m, 'stdout');
		// Five bytes.
		await running.until(/^ {9}4 -> 8 {10}: \d+ +\|\*/m, 'stdout');
		running.signal('SIGINT');
		expect((await running.done).code).toBe(0);
	});

	it('sees system calls with their results', async () => {
		const folder = program('GADGET_SYSCALL');
		writeFileSync(
			join(folder, 'gadget.yaml'),
			'hooks:\n  kill:\n    - {programs: [ig_kill_exit], needs: ["helper:bpf_task_pt_regs"]}\n    - {programs: [ig_kill_e, ig_kill_x]}\n',
		);
		const run = await igDuring([folder, '-o', 'json', '--pid', String(process.pid)], interrupt);
		expect(jsonLines(run)).toContainEqual({ target: process.pid, error_raw: 0, error: '' });
	});

	it('filters packets, and shows what follows a record', async () => {
		const folder = program('GADGET_PF');
		writeFileSync(join(folder, 'gadget.yaml'), blocks('yaml').find((text) => text.includes('name: heads')) ?? '');
		const network = new Network('ig-guide');
		try {
			const query = ether(0x0800, ip4(17, udp(5353, 53, new Array<number>(40).fill(7))));
			const other = ether(0x0800, ip4(17, udp(5353, 54)));
			const send = (): string => network.run(fixture('frames'), 'lo', ...[query, other].map((frame) => Buffer.from(frame).toString('hex')));
			const { stdout } = await igDuring([folder, '-o', 'json', '--pf', 'udp port 53', '--iface', 'lo'], () => void send(), {
				netns: network.name,
			});
			expect(linesOf(stdout)).toMatchObject([{ size: query.length, bytes: Buffer.from(query.slice(0, 32)).toString('hex') }]);
		} finally {
			network.delete();
		}
	});

	it('has a gadget.yaml without a mistake', () => {
		const [yaml] = blocks('yaml');
		const { problems, metadata } = checkMetadata(yaml ?? '', 'gadget.yaml', 'x');
		expect(problems).toEqual([]);
		expect(metadata).toMatchObject({ name: 'kills', customParams: { layout: { possibleValues: ['narrow', 'wide'] } } });
	});
});
