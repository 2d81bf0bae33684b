/** Run in a VM: attaches a program of every kind, reads a snapshot of every kind, and prints what came of it as JSON. */
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

const dist = process.argv[2];
const load = (path) => import(`${dist}/host/${path}`);
const { BpfObject } = await load('ebpf/object.js');
const { readSources } = await load('ebpf/data-sources.js');
const { openSource } = await load('ebpf/source.js');
const { BatchSpec } = await load('ebpf/batch.js');
const { ensureTracefs } = await load('ebpf/tracefs.js');
const { useSockets } = await load('ebpf/sockets.js');
const { native } = await load('ebpf/native.js');

ensureTracefs({ autoMount: true });
const open = (name) => BpfObject.open(readFileSync(`${dist}/test/ebpf/fixtures/${name}.bpf.o`), { name });
const pid = new Uint8Array(new Uint32Array([process.pid]).buffer);

/** Loads and attaches one program alone: how often it ran, or why it did not. */
function hook(file, name, index, act, target) {
	const object = open(file);
	try {
		for (const program of object.programs) program.setAutoload(program.name === name);
		object.setGlobal('watched', pid);
		if (target !== undefined) object.program(name).setTarget(target);
		object.load();
		object.attach();
		act();
		return Number(new DataView(object.global('runs').value.buffer).getBigUint64(8 * index, true));
	} catch (error) {
		return `${error.code ?? error.name}: ${error.message.split('\n')[0]}`;
	} finally {
		object.close();
	}
}

function unlink() {
	writeFileSync('/dev/shm/ig-unlink', 'x');
	unlinkSync('/dev/shm/ig-unlink');
}
const signal = () => process.kill(process.pid, 0);

const hooks = {};
for (const [index, name] of ['by_kprobe', 'by_kretprobe', 'by_fentry', 'by_fexit', 'by_lsm', 'by_fmod_ret'].entries()) {
	hooks[name] = hook('hooks', name, index, unlink);
}
hooks.by_other_target = hook('hooks', 'by_other_target', 6, unlink, 'vfs_unlink');
for (const [index, name] of ['by_tracepoint', 'by_raw_tracepoint', 'by_tp_btf', 'by_uprobe', 'by_uretprobe'].entries()) {
	hooks[name] = hook('attach', name, index, signal);
}

/** Rows of a snapshot of every data source that is one. */
function snapshots() {
	const rows = {};
	const object = open('snapshots');
	const source = openSource();
	const links = [];
	try {
		object.setGlobal('caller', pid);
		object.load();
		object.attach();
		for (let number = 1; number <= 5; number++) {
			try {
				process.kill(5_000_000 + number, 0);
			} catch {
				// Nobody has that number.
			}
		}
		const region = new Uint8Array(1 << 20);
		const inputs = [];
		for (const { dataSource, origin } of readSources(object)) {
			if (origin.kind === 'buffer') continue;
			let input;
			if (origin.kind === 'map') input = source.addMap(object.map(origin.map).fd, { ...origin, keep: true });
			else {
				const own = origin.programs.map((name) =>
					object.program(name).attachIterator(origin.maps.has(name) ? object.map(origin.maps.get(name)) : undefined),
				);
				links.push(...own);
				input = source.addIters(
					own.map((link) => ({ link: link.fd, ofNetwork: false })),
					dataSource.recordSize,
				);
			}
			source.schedule(input, { intervalMs: 0, count: 1, onStop: false });
			inputs.push([dataSource, input]);
		}
		source.start();
		for (const [{ name, recordSize }, input] of inputs) {
			const spec = new BatchSpec({ dataSource: 0, array: true, recordSize, maxRows: 4096, maxBytes: 512 << 10, fields: [] });
			rows[name] = source.fill(input, region, spec, 0, 0).rows;
			source.commit(input);
		}
		return rows;
	} catch (error) {
		return { error: `${error.code ?? error.name}: ${error.message}` };
	} finally {
		source.free();
		for (const link of links) link.close();
		object.close();
	}
}

/** The owner of a port that was bound while the programs run. */
async function sockets() {
	try {
		const use = useSockets();
		const server = createServer();
		await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
		const key = new Uint8Array(12);
		const view = new DataView(key.buffer);
		const { statSync } = await import('node:fs');
		view.setUint32(0, statSync('/proc/self/ns/net').ino, true);
		view.setUint16(4, 2, true);
		key[6] = 6;
		view.setUint16(8, server.address().port, true);
		const value = new Uint8Array(1112);
		const found = native.bpf_map_lookup_elem(use.fd, key, value) === 0;
		server.close();
		use.close();
		return found && new DataView(value.buffer).getUint32(12, true) === process.pid ? 'known' : 'unknown';
	} catch (error) {
		return `${error.code ?? error.name}: ${error.message}`;
	}
}

process.stdout.write(`${JSON.stringify({ hooks, snapshots: snapshots(), sockets: await sockets() })}\n`);
process.exit(0);
