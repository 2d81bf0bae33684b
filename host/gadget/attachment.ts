/** How a gadget's programs are attached: what gadget.yaml says under `programs`, and the parameters for it. */
import type { AttachOptions, Sampling } from '../ebpf/attach.js';
import { findMarkers } from '../ebpf/markers.js';
import type { BpfObject } from '../ebpf/object.js';
import { compilePacketFilter } from '../ebpf/pcap.js';
import { type BpfProgram, ProgramType } from '../ebpf/programs.js';
import { samplingConfigs, samplingOf, samplingTypes } from '../ebpf/sampling.js';
import { IgError } from '../errors.js';
import { Kind } from '../schema.js';
import type { GadgetMetadata } from './metadata.js';
import type { Param } from './params.js';

const INTERFACE = 'iface';
const FILTER = 'pf';

/** The flag of a packet filter by its name in GADGET_PF. */
const filterKey = (name: string): string => (name === '' ? FILTER : `${FILTER}-${name}`);

/** The flags of a gadget that looks at packets of interfaces. */
export function attachParams(object: BpfObject, paramDefaults: GadgetMetadata['paramDefaults']): Param[] {
	if (!object.programs.some((program) => program.type === ProgramType.SchedCls)) return [];
	const param = (key: string, description: string): Param => ({
		...{ key, variable: '', type: 'string', kind: Kind.String, size: 0, possibleValues: [] },
		default: paramDefaults[`operator.oci.ebpf.${key}`] ?? '',
		description,
	});
	return [
		param(INTERFACE, 'Network interfaces to watch: eth0, or eth0,lo; all when not given'),
		...findMarkers(object.btf).packetFilters.map((name) =>
			param(filterKey(name), "Only packets that match, in tcpdump's words: tcp port 80 and host 192.0.2.1"),
		),
	];
}

/** Compiled packet filters by their names in GADGET_PF, of those that are given. @throws IgError IG_PARAM, IG_NO_PCAP */
export function packetFilters(object: BpfObject, given: (key: string) => string | undefined): Map<string, Uint8Array> {
	const filters = new Map<string, Uint8Array>();
	for (const name of findMarkers(object.btf).packetFilters) {
		const expression = given(filterKey(name))?.trim() ?? '';
		if (expression !== '') filters.set(name, compilePacketFilter(filterKey(name), expression));
	}
	return filters;
}

/** Before the load: gives programs the targets that gadget.yaml has for them. @throws IgError IG_ATTACH */
export function retarget(programs: readonly BpfProgram[], config: GadgetMetadata['programs']): void {
	for (const program of programs) {
		const target = config[program.name.toLowerCase()]?.attach_to;
		if (target !== undefined) program.setTarget(target);
	}
}

function sampling(gadget: string, program: string, config: Readonly<Record<string, string>>): Sampling {
	const type = (config['perf.type'] ?? 'software').toLowerCase();
	const name = (config['perf.config'] ?? 'count_sw_cpu_clock').toLowerCase();
	const text = config['sampler.frequency'] ?? '49';
	const fail = (key: string, value: string, known: readonly string[]): never => {
		const reason = `programs.${program}.${key}: '${value}' is not one of ${known.join(', ')}`;
		throw new IgError('IG_GADGET_INVALID', { gadget, reason });
	};
	if (!samplingTypes.includes(type)) fail('perf.type', type, samplingTypes);
	if (!/^[1-9]\d{0,4}$/.test(text)) fail('sampler.frequency', text, ['1 to 99999']);
	return samplingOf(type, name, Number(text)) ?? fail('perf.config', name, samplingConfigs(type));
}

function configOf(config: GadgetMetadata['programs'], section: string, name: string): Readonly<Record<string, string>> {
	return config[name.toLowerCase()] ?? config[section.replace(/^[^/]*\/?/, '').toLowerCase()] ?? {};
}

/** @param given values of parameters by key @throws IgError IG_GADGET_INVALID */
export function attachOptions(
	gadget: string,
	object: BpfObject,
	config: GadgetMetadata['programs'],
	given: (key: string) => string | undefined,
	log: AttachOptions['log'],
): AttachOptions {
	const samplers = object.programs.filter((program) => program.type === ProgramType.PerfEvent);
	const interfaces = (given(INTERFACE) ?? '').split(',').filter((name) => name !== '');
	const { socketMaps } = findMarkers(object.btf);
	return {
		interfaces: interfaces.length === 0 ? undefined : interfaces,
		// By what comes behind `perf_event/`, or by the function.
		sampling: new Map(samplers.map(({ name, section }) => [name, sampling(gadget, name, configOf(config, section, name))])),
		socketMaps: new Map([...socketMaps].map(([program, map]) => [program, object.map(map)])),
		log,
	};
}
