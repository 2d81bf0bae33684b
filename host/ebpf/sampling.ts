/** Names of what perf_event_open(2) can count, as Inspektor Gadget writes them in gadget.yaml. */
import type { Sampling } from './attach.js';

const types: Readonly<Record<string, { readonly type: number; readonly configs: readonly string[] } | undefined>> = {
	hardware: {
		type: 0,
		configs: [
			'count_hw_cpu_cycles',
			'count_hw_instructions',
			'count_hw_cache_references',
			'count_hw_cache_misses',
			'count_hw_branch_instructions',
			'count_hw_branch_misses',
			'count_hw_bus_cycles',
			'count_hw_stalled_cycles_frontend',
			'count_hw_stalled_cycles_backend',
			'count_hw_ref_cpu_cycles',
		],
	},
	software: {
		type: 1,
		configs: [
			'count_sw_cpu_clock',
			'count_sw_task_clock',
			'count_sw_page_faults',
			'count_sw_context_switches',
			'count_sw_cpu_migrations',
			'count_sw_page_faults_min',
			'count_sw_page_faults_maj',
			'count_sw_alignment_faults',
			'count_sw_emulation_faults',
			'count_sw_dummy',
			'count_sw_bpf_output',
			'count_sw_cgroup_switches',
		],
	},
};

export const samplingTypes = Object.keys(types);

/** Names that a type has. */
export function samplingConfigs(type: string): readonly string[] {
	return types[type]?.configs ?? [];
}

/** Undefined for names that are none. */
export function samplingOf(type: string, config: string, frequency: number): Sampling | undefined {
	const found = types[type];
	const index = found?.configs.indexOf(config) ?? -1;
	return found === undefined || index === -1 ? undefined : { type: found.type, config: index, frequency };
}
