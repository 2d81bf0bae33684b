/**
 * Gadgets of Inspektor Gadget's of which no schema could be read off a running `ig`: what their sources declare. Of a map iterator, places
 * of the value count from the value's start.
 */
export interface Declared {
	readonly source: string;
	readonly type: 'single' | 'array';
	/** Kind, offset, size. */
	readonly fields: Readonly<Record<string, readonly [kind: string, offset: number, size: number]>>;
	/** By field, what gadget.yaml says besides descriptions; '' is the data source. */
	readonly annotations: Readonly<Record<string, Readonly<Record<string, string>>>>;
	/** Flags of the gadget's own: type and default. */
	readonly params: Readonly<Record<string, string>>;
}

const hidden = { 'columns.hidden': 'true' };
const endpoint = (at: number, name: string): Declared['fields'] => ({
	...{ [name]: ['bytes', at, 32], [`${name}.port`]: ['uint16', at + 16, 2] },
	...{ [`${name}.proto_raw`]: ['uint16', at + 18, 2], [`${name}.version`]: ['uint8', at + 20, 1] },
});
const proc: Declared['fields'] = {
	...{ proc: ['bytes', 8, 64], 'proc.comm': ['cstring', 8, 16], 'proc.pid': ['uint32', 24, 4], 'proc.tid': ['uint32', 28, 4] },
	...{ 'proc.mntns_id': ['uint64', 32, 8], 'proc.creds.uid': ['uint32', 40, 4], 'proc.creds.gid': ['uint32', 44, 4] },
	...{ 'proc.parent.comm': ['cstring', 48, 16], 'proc.parent.pid': ['uint32', 64, 4], 'proc.parent.tid': ['uint32', 68, 4] },
};
const filters = { pid: 'uint32 0', tid: 'uint32 0', uid: 'uint32 4294967295', gid: 'uint32 4294967295', comm: 'string ' };
const text = { 'columns.width': '32', 'columns.minwidth': '24', ...hidden };

export const declared: Readonly<Record<string, Declared>> = {
	profile_blockio: {
		...{ source: 'blockio', type: 'array' },
		fields: { cmd_flags: ['uint32', 0, 4], dev: ['uint32', 4, 4], latency: ['arrayOf uint32', 0, 108] },
		annotations: { '': { 'metrics.print': 'true', 'cli.clear-screen-before': 'true' }, latency: { 'metrics.unit': 'µs' } },
		params: { 'map-fetch-interval': 'string 1000ms', 'map-fetch-count': 'int 0' },
	},
	snapshot_socket: {
		...{ source: 'sockets', type: 'array' },
		fields: {
			...{ ...endpoint(0, 'src'), ...endpoint(32, 'dst'), state: ['uint32', 64, 4], ino: ['uint32', 68, 4] },
			netns_id: ['uint32', 72, 4],
		},
		annotations: {
			...{ src: { template: 'l4endpoint' }, dst: { template: 'l4endpoint' }, netns_id: { template: 'ns' } },
			...{ state: { 'columns.width': '10' }, ino: { 'columns.width': '10', ...hidden } },
		},
		params: {},
	},
	trace_mount: {
		...{ source: 'mount', type: 'single' },
		fields: {
			...{ timestamp_raw: ['uint64', 0, 8], ...proc, delta_raw: ['uint64', 72, 8], flags_raw: ['uint64', 80, 8] },
			...{ error_raw: ['uint32', 88, 4], fs: ['cstring', 92, 8], src: ['cstring', 100, 512], dest: ['cstring', 612, 512] },
			...{ data: ['cstring', 1124, 512], op_raw: ['uint32', 1636, 4] },
		},
		annotations: {
			...{ delta_raw: { 'columns.width': '8', 'columns.alignment': 'right' }, error_raw: hidden, flags_raw: hidden, op_raw: hidden },
			...{ fs: { 'columns.width': '8', ...hidden }, src: text, dest: text, data: text },
			...{ op: { 'columns.width': '6', 'columns.minwidth': '6', ...hidden }, call: { 'columns.width': '32' } },
		},
		params: filters,
	},
};
