import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { filtersTest, fixture, igDuring, type Identity, identity, jsonLines, linesOf } from '../../test/support/live.js';

interface SignalEvent extends Identity {
	readonly tpid: number;
	readonly sig: string;
	readonly sig_raw: number;
	readonly error: string;
	readonly error_raw: number;
}

interface Call {
	readonly pid: number;
	readonly tid: number;
	readonly target: number;
	readonly result: number;
}

const signaler = fixture('signaler');

async function trace(flags: readonly string[], ...calls: string[]): Promise<{ events: SignalEvent[]; done: Call[] }> {
	let done: Call[] = [];
	const result = await igDuring(['trace_signal', '-o', 'json', '--comm', 'signaler', ...flags], () => {
		done = linesOf<Call>(execFileSync(signaler, calls, { encoding: 'utf8' }));
	});
	expect(result.code).toBe(0);
	const events = jsonLines<SignalEvent>(result);
	// When it ends the kernel tells its parent.
	return { events: events.filter(({ sig }) => sig !== 'SIGCHLD'), done };
}

test('a signal appears once, with every field right', async () => {
	const { events, done } = await trace([], 'kill:10:self');
	expect(events).toHaveLength(1);
	expect(events[0]).toMatchObject({
		tpid: done[0]?.target,
		sig: 'SIGUSR1',
		sig_raw: 10,
		error: '',
		error_raw: 0,
		...identity('signaler', done[0]),
	});
	expect(Math.abs(Date.parse(events[0]?.timestamp ?? '') - Date.now())).toBeLessThan(60_000);
});

test.each(['kill', 'tkill', 'tgkill'])('%s is seen, with its result when asked for', async (call) => {
	const generated = await trace([], `${call}:12:self`);
	expect(generated.events).toMatchObject([{ sig: 'SIGUSR2', tpid: generated.done[0]?.target }]);
	const called = await trace(['--kill-only'], `${call}:12:self`, `${call}:0:${2 ** 22 + 1}`);
	expect(called.events).toMatchObject([
		{ sig: 'SIGUSR2', tpid: called.done[0]?.target, error: '' },
		{ sig: 'signal#0', sig_raw: 0, tpid: 2 ** 22 + 1, error: 'ESRCH', error_raw: 3 },
	]);
});

test('a signal that found no room has its error', async () => {
	const { events } = await trace([], 'queue:40:self');
	expect(events).toMatchObject([{ sig: 'signal#40', error: 'EAGAIN' }]);
});

test('--failed shows what could not be sent', async () => {
	const calls = ['kill:10:self', `kill:10:${2 ** 22 + 1}`];
	expect((await trace(['--failed', '--kill-only'], ...calls)).events).toMatchObject([{ error: 'ESRCH' }]);
	expect((await trace(['--failed'], 'kill:10:self', 'queue:40:self')).events).toMatchObject([{ error: 'EAGAIN' }]);
});

test('--signal shows one signal', async () => {
	const calls = ['kill:10:self', 'kill:12:self'];
	expect((await trace(['--signal', '12'], ...calls)).events).toMatchObject([{ sig: 'SIGUSR2' }]);
	expect((await trace(['--signal', '12', '-k'], ...calls)).events).toMatchObject([{ sig: 'SIGUSR2' }]);
});

filtersTest<SignalEvent>('trace_signal', signaler, ['kill:10:self'], ({ sig }) => sig === 'SIGUSR1');
