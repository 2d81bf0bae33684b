// trace_open's data source as operators see it, and records like its own.

const [Bool, I64, U32, U64, Text, CString, Bytes] = [1, 5, 8, 9, 12, 13, 14];
const [EMPTY, HIDDEN, ROW] = [1, 4, 16];

/** name, kind, offset, size, flags, tags */
const inRow = [
	['timestamp_raw', U64, 0, 8, HIDDEN, 'type:gadget_timestamp'],
	['proc', Bytes, 8, 64, HIDDEN],
	['proc.comm', CString, 8, 16, 0],
	['proc.pid', U32, 24, 4, 0],
	['proc.tid', U32, 28, 4, 0],
	['proc.mntns_id', U64, 32, 8, HIDDEN],
	['proc.creds', Bytes, 40, 8, HIDDEN],
	['proc.creds.uid', U32, 40, 4, HIDDEN, 'type:gadget_uid'],
	['proc.creds.gid', U32, 44, 4, HIDDEN, 'type:gadget_gid'],
	['proc.parent', Bytes, 48, 24, HIDDEN],
	['proc.parent.comm', CString, 48, 16, HIDDEN],
	['proc.parent.pid', U32, 64, 4, HIDDEN],
	['proc.parent.tid', U32, 68, 4, 0],
	['error_raw', U32, 72, 4, HIDDEN, 'type:gadget_errno'],
	['fd', U32, 76, 4, 0],
	['flags_raw', U32, 80, 4, HIDDEN, 'type:gadget_file_flags'],
	['mode_raw', U32, 84, 4, HIDDEN, 'type:gadget_file_mode'],
	['ustack', Bytes, 88, 72, HIDDEN],
	['ustack.major', U32, 88, 4, HIDDEN],
	['ustack.minor', U32, 92, 4, HIDDEN],
	['ustack.inode', U64, 96, 8, HIDDEN],
	['ustack.mtime_sec', U64, 104, 8, HIDDEN],
	['ustack.mtime_nsec', U32, 112, 4, HIDDEN],
	['ustack.base_addr_hash', U32, 116, 4, HIDDEN],
	['ustack.stack_id', U32, 120, 4, HIDDEN],
	['ustack.tgid_level0', U32, 124, 4, HIDDEN],
	['ustack.pid_level0', U32, 128, 4, HIDDEN],
	['ustack.pidns_level0', U32, 132, 4, HIDDEN],
	['ustack.pid_level1', U32, 136, 4, HIDDEN],
	['ustack.pidns_level1', U32, 140, 4, HIDDEN],
	['ustack.otel_correlation_id', U64, 144, 8, HIDDEN],
	['ustack.boot_timestamp', U64, 152, 8, HIDDEN],
	['fname', CString, 160, 255, 0],
	['fpath', CString, 415, 512, 0],
];

/** What the host adds: name, kind, flags. */
const added = [
	['k8s', 0, EMPTY | HIDDEN],
	['k8s.node', Text, HIDDEN],
	['k8s.namespace', Text, HIDDEN],
	['k8s.podName', Text, HIDDEN],
	['k8s.containerName', Text, HIDDEN],
	['k8s.hostnetwork', Bool, HIDDEN],
	['k8s.podLabels', Text, HIDDEN],
	['k8s.owner', 0, EMPTY | HIDDEN],
	['k8s.owner.kind', Text, HIDDEN],
	['k8s.owner.name', Text, HIDDEN],
	['runtime', 0, EMPTY],
	['runtime.containerName', Text, 0],
	['runtime.runtimeName', Text, HIDDEN],
	['runtime.containerId', Text, HIDDEN],
	['runtime.containerPid', U32, HIDDEN],
	['runtime.containerImageName', Text, HIDDEN],
	['runtime.containerImageDigest', Text, HIDDEN],
	['runtime.containerStartedAt', I64, HIDDEN],
	['ustack.addresses', Text, HIDDEN],
	['ustack.buildid', Text, HIDDEN],
	['ustack.symbols', Text, HIDDEN],
];

export const recordSize = 928;

export function dataSource() {
	const fields = [];
	const source = { name: 'open', type: 'single', recordSize, fields, slots: 0 };
	const put = (name, rest) => {
		const dot = name.lastIndexOf('.');
		const parent = dot < 0 ? -1 : fields.findIndex((field) => field.name === name.slice(0, dot));
		fields.push({ name, parent, offset: 0, size: 0, slot: -1, tags: [], annotations: {}, ...rest });
	};
	for (const [name, kind, offset, size, flags, ...tags] of inRow) put(name, { kind, offset, size, flags: flags | ROW, tags });
	for (const [name, kind, flags] of added) put(name, { kind, flags, slot: kind === 0 ? -1 : source.slots++ });
	return source;
}

const paths = ['/etc/ld.so.cache', '/usr/lib/x86_64-linux-gnu/libc.so.6', '/proc/self/status', '/etc/passwd', '/tmp/storm-0001'];

/** A record such as the gadget writes, in `row` (a DataView of a zeroed record). */
export function fillRecord(row, i) {
	const text = (at, string) => new Uint8Array(row.buffer, row.byteOffset).set(new TextEncoder().encode(string), at);
	row.setBigUint64(0, 123456789012345n + BigInt(i) * 7919n, true);
	// A process does several things before another one does some.
	const process = (i >> 3) % 5;
	text(8, process % 2 ? 'bash' : 'node');
	row.setUint32(24, 41230 + process, true);
	row.setUint32(28, 41230 + process, true);
	row.setBigUint64(32, 4026531841n, true);
	row.setUint32(40, process ? 0 : 1000, true);
	row.setUint32(44, process ? 0 : 1000, true);
	text(48, 'containerd-shim');
	row.setUint32(64, 1, true);
	row.setUint32(68, 1, true);
	row.setUint32(72, i % 4 ? 0 : 2, true);
	row.setUint32(76, i % 4 ? 3 : 0, true);
	row.setUint32(80, i % 3 ? 0o2000000 : 577, true);
	row.setUint32(84, i % 3 ? 0 : 0o644, true);
	text(160, paths[i % paths.length]);
}
