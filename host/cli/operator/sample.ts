/** A small recording for the tests of a new project: made-up opens, in the layout of this installation's trace_open. */
import { openGadget } from '../../gadget/gadget.js';
import { inspectGadget } from '../../gadget/instance.js';
import { RecordingWriter } from '../../record/writer.js';
import { type DataSource, Kind } from '../../schema.js';

/** 2026-01-01T00:00:00Z, ns since 1970. */
const BEGAN = 1_767_225_600_000_000_000n;

type Row = Readonly<Record<string, string | number | bigint>>;

const opened = (comm: string, pid: number, uid: number, fname: string, more: Row = {}): Row => ({
	...{ 'proc.comm': comm, 'proc.pid': pid, 'proc.tid': pid, 'proc.creds.uid': uid, 'proc.creds.gid': uid, fname, fd: 3 },
	...{ 'proc.parent.comm': 'sh', 'proc.parent.pid': 100, 'proc.parent.tid': 100, ...more },
});

const ENOENT = 2;
const EACCES = 13;
const rows: readonly Row[] = [
	opened('cat', 1201, 1000, '/etc/hostname'),
	opened('cat', 1201, 1000, '/etc/ld.so.cache'),
	opened('ls', 1202, 1000, '/home/ann'),
	opened('sshd', 801, 0, '/etc/ssh/sshd_config'),
	opened('sshd', 801, 0, '/var/log/auth.log', { flags_raw: 0o2001 }),
	opened('nginx', 900, 33, '/usr/share/nginx/index.html'),
	opened('nginx', 900, 33, '/etc/shadow', { fd: 0, error_raw: EACCES }),
	opened('python3', 1300, 1000, '/home/ann/app/main.py'),
	opened('python3', 1300, 1000, '/home/ann/app/config.toml', { fd: 0, error_raw: ENOENT }),
	opened('python3', 1300, 1000, '/tmp/app.lock', { flags_raw: 0o101, mode_raw: 0o600 }),
	opened('systemd', 1, 0, '/proc/1/status'),
	opened('vim', 1400, 1000, '/etc/passwd'),
];

function encode(source: DataSource, row: Row, number: number): Buffer {
	const padded = (source.recordSize + 7) & ~7;
	const bytes = Buffer.alloc(8 + padded);
	bytes.writeUInt32LE(source.recordSize);
	const payload = bytes.subarray(8);
	for (const [name, value] of Object.entries({ timestamp_raw: BigInt(number) * 1_000_000n, ...row })) {
		const field = source.fields.find((field) => field.name === name);
		if (field === undefined || field.size === 0) continue;
		if (field.kind === Kind.CString) payload.write(String(value), field.offset, field.size - 1, 'utf8');
		else if (field.size === 8) payload.writeBigUInt64LE(BigInt(value), field.offset);
		else payload.writeUIntLE(Number(value), field.offset, field.size);
	}
	return bytes;
}

/** The same bytes each time, as long as trace_open's records stay the same. */
export async function writeSample(path: string): Promise<void> {
	const opened = inspectGadget(await openGadget('trace_open'));
	try {
		const source = opened.dataSources[0] as DataSource;
		const writer = new RecordingWriter(path, {
			...{ ig: 'sample', created: '2026-01-01T00:00:00.000Z', gadget: { name: 'trace_open' } },
			...{ host: { kernel: 'none', arch: 'x64' }, dataSources: opened.dataSources },
		});
		for (const part of [rows.slice(0, 8), rows.slice(8)]) {
			const records = Buffer.concat(part.map((row) => encode(source, row, rows.indexOf(row))));
			writer.batch({ ds: 0, rows: part.length, lost: 0, boot: BEGAN, mono: BEGAN, at: BEGAN, records });
		}
		writer.end();
	} finally {
		opened.close();
	}
}
