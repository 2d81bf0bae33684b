import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ig } from '../../test/support/cli.js';
import { type Identity, identity, igDuring, jsonLines } from '../../test/support/live.js';

interface SslEvent extends Identity {
	readonly operation: string;
	readonly operation_raw: number;
	readonly latency_ns: string;
	readonly latency_ns_raw: number;
	readonly len: number;
	readonly error: string;
	readonly error_raw: number;
	readonly buf: readonly number[];
}

const dir = mkdtempSync(join(tmpdir(), 'ig-ssl-'));
afterAll(() => rmSync(dir, { recursive: true }));
const [key, certificate] = [join(dir, 'key'), join(dir, 'certificate')];
const SECRET = 'attack at dawn\n';

/** What a record says, without the padding. */
const textOf = ({ buf, len }: SslEvent) => Buffer.from(buf.slice(0, len)).toString();

/** A server that shows what it gets, and a client that says the secret. */
async function talk(): Promise<{ server: number; client: number }> {
	const server: ChildProcess = spawn(
		'openssl',
		['s_server', '-accept', '127.0.0.1:0', '-naccept', '1', '-cert', certificate, '-key', key],
		{
			stdio: ['pipe', 'pipe', 'ignore'],
		},
	);
	let said = '';
	const port = await new Promise<string>((resolve) => {
		server.stdout?.setEncoding('utf8').on('data', (text: string) => {
			said += text;
			const found = /^ACCEPT .*:(\d+)$/m.exec(said);
			if (found?.[1] !== undefined) resolve(found[1]);
		});
	});
	const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-quiet', '-no_ign_eof'], {
		stdio: ['pipe', 'ignore', 'ignore'],
	});
	const ended = Promise.all([server, client].map((child) => new Promise((resolve) => child.on('close', resolve))));
	client.stdin.write(SECRET);
	// Its end would be the connection's, too.
	while (!said.includes(SECRET)) await new Promise((resolve) => setTimeout(resolve, 5));
	client.stdin.end();
	await ended;
	return { server: server.pid ?? 0, client: client.pid ?? 0 };
}

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('with OpenSSL', () => {
	beforeAll(() => {
		const subject = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=ig', '-keyout', key, '-out', certificate];
		execFileSync('openssl', ['req', ...subject], { stdio: 'ignore' });
	});

	async function trace(flags: readonly string[]): Promise<{ events: SslEvent[]; pids: { server: number; client: number } }> {
		let pids = { server: 0, client: 0 };
		const result = await igDuring(['trace_ssl', '-o', 'json', '--comm', 'openssl', ...flags], async () => {
			pids = await talk();
		});
		expect(result.code).toBe(0);
		return { events: jsonLines<SslEvent>(result), pids };
	}

	test('what is said appears in the clear on both sides, with every field right', async () => {
		const { events, pids } = await trace([]);
		const of = (pid: number, operation: string) => events.filter((event) => event.proc.pid === pid && event.operation === operation);
		const common = { len: SECRET.length, error: '', error_raw: 0 };
		const [sent] = of(pids.client, 'libssl_SSL_write');
		const [received] = of(pids.server, 'libssl_SSL_read');
		expect(sent).toMatchObject({ operation_raw: 2, ...common, ...identity('openssl', { pid: pids.client, tid: pids.client }) });
		expect(received).toMatchObject({ operation_raw: 1, ...common, ...identity('openssl', { pid: pids.server, tid: pids.server }) });
		for (const event of [sent, received] as SslEvent[]) {
			expect(textOf(event)).toBe(SECRET);
			expect(event.buf.length).toBe(8192);
			expect(event.buf.slice(event.len).every((byte) => byte === 0)).toBe(true);
			expect(event.latency_ns_raw).toBeGreaterThan(0);
			expect(event.latency_ns).toMatch(/^[\d.]+(ns|µs|ms|s)$/);
			expect(Math.abs(Date.parse(event.timestamp) - Date.now())).toBeLessThan(60_000);
		}
		// The server begins with the handshake; the client's first write has it done from within.
		expect(of(pids.server, 'libssl_SSL_do_handshake')).toMatchObject([{ operation_raw: 0, len: 0, error: '' }]);
	});

	test('--record-data=false leaves the data out', async () => {
		const { events } = await trace(['--record-data=false']);
		const writes = events.filter(({ operation }) => operation === 'libssl_SSL_write');
		expect(writes.map(({ len }) => len)).toContain(SECRET.length);
		expect(events.every(({ buf }) => buf.every((byte) => byte === 0))).toBe(true);
	});

	test('--pid, --tid, --uid, --gid and --comm filter in the kernel', async () => {
		const flags = { pid: '1', tid: '1', uid: '12345', gid: '12345', comm: 'another' };
		const running = Object.entries({ ...flags, none: '' }).map(([flag, value]) => {
			const filters = flag === 'none' ? ['--uid', '0', '--gid', '0', '--comm', 'openssl'] : [`--${flag}`, value];
			return new Ig(['run', 'trace_ssl', '-o', 'json', '-v', ...filters]);
		});
		await Promise.all(running.map((ig) => ig.until('running...')));
		const { client } = await talk();
		for (const ig of running) ig.signal('SIGINT');
		const shown = await Promise.all(
			running.map(async (ig) => jsonLines<SslEvent>(await ig.done).filter(({ proc }) => proc.pid === client)),
		);
		expect(shown.map((events) => events.length > 0)).toEqual([false, false, false, false, false, true]);
	});
});
