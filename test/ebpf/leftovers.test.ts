/** What a run leaves behind, however it ends: nothing; and runs do not see each other. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { root } from '../../host/root.js';
import { ether, ip, udp } from '../packets/build.js';
import { Ig } from '../support/cli.js';
import { fixture, jsonLines } from '../support/live.js';
import { Network } from '../support/network.js';

let network: Network;
beforeAll(() => {
	network = new Network('ig-leftovers');
});
afterAll(() => network.delete());

const send = (): string =>
	network.run(fixture('frames'), 'lo', Buffer.from(ether(0x0800, ip(17, udp(5353, 53, [1, 2, 3])))).toString('hex'));
const filters = (): string[] =>
	['ingress', 'egress'].flatMap(
		(direction) => network.run('tc', 'filter', 'show', 'dev', 'lo', direction).match(/handle 0x\w+ ig_dispatch/g) ?? [],
	);
const qdiscs = (): string => network.run('tc', 'qdisc', 'show', 'dev', 'lo');

/** Ids of what a process holds in the kernel: `prog 12`, `map 7`, `link 3`. */
function held(pid: number | undefined): string[] {
	const folder = `/proc/${pid}/fdinfo`;
	const texts = readdirSync(folder).map((fd) => readFileSync(join(folder, fd), 'utf8'));
	return texts.flatMap((text) => {
		const [, kind, id] = /^(prog|map|link)_id:\s*(\d+)$/m.exec(text) ?? [];
		return kind === undefined || id === undefined ? [] : [`${kind} ${id}`];
	});
}

function there(objects: readonly string[]): string[] {
	return objects.filter((object) => {
		const [kind = '', id = ''] = object.split(' ');
		return spawnSync('bpftool', [kind, 'show', 'id', id]).status === 0;
	});
}

async function ended(running: Ig): Promise<void> {
	running.signal('SIGKILL');
	await running.done;
}

it('runs do not disturb each other, and one that is killed leaves nothing', { timeout: 120_000 }, async () => {
	const start = (gadget: string): Ig => new Ig(['run', gadget, '-o', 'json', '-v'], { netns: network.name });
	const [killed, same, other] = [start('tcpdump'), start('tcpdump'), start('trace_dns')];
	await Promise.all([killed, same, other].map((run) => run.until('running...')));
	send();
	await Promise.all([killed, same].map((run) => run.until(/\n.*\n/, 'stdout')));
	const objects = held(killed.child.pid);
	expect(objects.map((object) => object.split(' ')[0])).toEqual(expect.arrayContaining(['prog', 'map', 'link']));
	const shared = held(same.child.pid);
	await ended(killed);
	// The kernel frees them a little later.
	await vi.waitFor(() => expect(there(objects.filter((object) => !shared.includes(object)))).toEqual([]), { timeout: 30_000 });
	expect(there(shared)).toEqual(shared);
	send();
	same.signal('SIGINT');
	other.signal('SIGINT');
	const [result, second] = await Promise.all([same.done, other.done]);
	expect([result.code, second.code]).toEqual([0, 0]);
	// Twice, each as it goes out and comes in.
	expect(jsonLines(result)).toHaveLength(4);
	await vi.waitFor(() => expect(there(shared)).toEqual([]), { timeout: 30_000 });
	expect(network.run('bpftool', 'net', 'show', 'dev', 'lo')).not.toContain('ig_dispatch');
});

it('where classifiers have no owner, the next run takes away what a killed one left', { timeout: 60_000 }, async () => {
	const hold = async (): Promise<ChildProcess> => {
		const args = [`--net=/run/netns/${network.name}`, process.execPath, join(root, 'test/ebpf/tc-holder.mjs')];
		const child = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'] });
		if (child.stdout !== null)
			await Promise.race([once(child.stdout, 'data'), once(child, 'close').then(() => Promise.reject(new Error('it ended')))]);
		return child;
	};
	const leave = async (child: ChildProcess): Promise<void> => {
		child.stdin?.end();
		await once(child, 'close');
	};
	// In good order: the qdisc that was made goes, too.
	const before = qdiscs();
	await leave(await hold());
	expect([filters(), qdiscs()]).toEqual([[], before]);

	const [live, killed] = [await hold(), await hold()];
	expect(filters()).toHaveLength(4);
	killed.kill('SIGKILL');
	await once(killed, 'close');
	expect(filters()).toHaveLength(4);
	// The kernel empties a dead run's dispatcher a little later.
	await vi.waitFor(
		async () => {
			await leave(await hold());
			expect(filters()).toHaveLength(2);
		},
		{ timeout: 30_000, interval: 200 },
	);
	await leave(live);
	expect([filters(), qdiscs()]).toEqual([[], before]);
});
