/** Live runs: `ig run …` while a test makes things happen that it can recognise. */
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { Waiting } from '../fixtures/waiting.js';
import { Ig, type Result } from './cli.js';

export { fixture } from './fixture.js';

/** Starts `ig run …`, does something once its programs are attached, and ends it in order. */
export async function igDuring(
	args: readonly string[],
	action: () => void | Promise<void>,
	options: ConstructorParameters<typeof Ig>[1] = {},
): Promise<Result> {
	const running = new Ig(['run', ...args, '-v'], options);
	await running.until('running...');
	await action();
	running.signal('SIGINT');
	return await running.done;
}

/** Flags with which a gadget that shows a map at intervals shows it once, at the end: so nothing depends on time. */
export function onceAtEnd(dataSource: string): string[] {
	return ['--map-fetch-interval', '0', '--annotate', `${dataSource}:ebpf.map.flush-on-stop=true`];
}

/** The events of `-o json`, those in arrays, too. */
export function jsonRows<T>(result: Result): T[] {
	return jsonLines<T | T[]>(result).flat() as T[];
}

/** The JSON objects of `-o json`. */
export function jsonLines<T>({ stdout }: Result): T[] {
	return linesOf<T>(stdout);
}

/** Inode of a namespace of this process, as the kernel records it. */
export function namespaceId(kind: 'mnt' | 'net' | 'pid'): number {
	return Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/self/ns/${kind}`))?.[1]);
}

/** JSON lines, as the fixtures print them. */
export function linesOf<T>(text: string): T[] {
	return text
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as T);
}

/** What records of `struct gadget_process` say. */
export interface Identity {
	readonly timestamp: string;
	readonly timestamp_raw: number;
	readonly proc: {
		readonly comm: string;
		readonly pid: number;
		readonly tid: number;
		readonly mntns_id: number;
		readonly creds: { readonly uid: number; readonly gid: number; readonly user: string; readonly group: string };
		readonly parent: { readonly comm: string; readonly pid: number; readonly tid: number };
	};
	readonly runtime: { readonly containerName: string };
}

/** The identity of a child of this process, for toMatchObject. */
export function identity(comm: string, { pid, tid }: { readonly pid: number; readonly tid: number } = { pid: 0, tid: 0 }): object {
	return {
		proc: {
			...{ comm, pid, tid, mntns_id: namespaceId('mnt'), creds: { uid: 0, gid: 0, user: 'root', group: 'root' } },
			parent: { pid: process.pid },
		},
	};
}

/**
 * A test of the flags that filter.h gives every gadget: with all of them fitting, what `program` does is shown, and with any
 * of them for another it is not.
 * @param mine whether an event is of what `args` make it do, whoever runs it
 * @param flags besides
 */
export function filtersTest<T extends Pick<Identity, 'proc'> | { readonly pid: number }>(
	gadget: string,
	program: string,
	args: readonly string[],
	mine: (event: T) => boolean = () => true,
	flags: readonly string[] = [],
): void {
	test('--pid, --tid, --uid, --gid and --comm filter in the kernel', async () => {
		const comm = basename(program).slice(0, 15);
		const waiting = new Waiting(program, args);
		const fitting = { pid: `${waiting.pid}`, tid: `${waiting.pid}`, uid: '0', gid: '0', comm };
		const another = { pid: '1', tid: '1', uid: '12345', gid: '12345', comm: 'another' };
		const choices = [fitting, ...Object.entries(another).map(([key, value]) => ({ ...fitting, [key]: value }))];
		const running = choices.map((choice) => {
			const filters = Object.entries(choice).flatMap(([key, value]) => [`--${key}`, value]);
			return new Ig(['run', gadget, '-o', 'json', '-v', ...flags, ...filters]);
		});
		await Promise.all(running.map((ig) => ig.until('running...')));
		await waiting.proceed();
		for (const ig of running) ig.signal('SIGINT');
		const shown = await Promise.all(running.map(async (ig) => jsonRows<T>(await ig.done)));
		expect(shown[0]?.filter(mine).map((event) => ('proc' in event ? event.proc.pid : event.pid))).toContain(waiting.pid);
		expect(shown.slice(1)).toEqual(Object.keys(another).map(() => []));
	});
}
