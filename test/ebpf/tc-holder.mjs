/** Attaches the fixture's classifiers to `lo` in the way of kernels without tcx, says so, and leaves when stdin ends. */
import { readFileSync } from 'node:fs';
import { attachTc, dispatcher } from '../../dist/host/ebpf/attach.js';
import { BpfObject } from '../../dist/host/ebpf/object.js';

const object = BpfObject.open(readFileSync(new URL('../../dist/test/ebpf/fixtures/packet_filter.bpf.o', import.meta.url)), {
	name: 'holder',
});
object.load();
const held = [];
for (const name of ['frame', 'raw']) {
	const program = object.program(name);
	const { fd, attached } = dispatcher(program, -1);
	held.push(attachTc(program, fd, 1, 'lo'), ...attached);
}
process.stdout.write('attached\n');
for await (const _ of process.stdin);
for (const one of held) one.close();
object.close();
