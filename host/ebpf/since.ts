/** The version of Linux that brought a thing that gadgets use, for what people are told when their kernel lacks it. */
import { release } from 'node:os';

const versions: Readonly<Record<string, string | undefined>> = {
	...{
		fentry: '5.5',
		fexit: '5.5',
		tp_btf: '5.5',
		fmod_ret: '5.7',
		lsm: '5.7',
		raw_tp: '4.17',
		uprobe: '3.5',
		uprobe_multi: '6.6',
		tcx: '6.6',
	},
	...{ 'iter:task': '5.8', 'iter:task_file': '5.8', 'iter:bpf_map_elem': '5.9', 'iter:tcp': '5.9', 'iter:udp': '5.9', 'iter:ksym': '6.0' },
	...{ 'map:ringbuf': '5.8', 'map:stack_trace': '4.6', 'map:task_storage': '5.11', 'map:bloom_filter': '5.16', 'map:arena': '6.9' },
	...{ 'helper:bpf_ringbuf_reserve': '5.8', 'helper:bpf_ringbuf_output': '5.8', 'helper:bpf_ktime_get_boot_ns': '5.8' },
	...{ 'helper:bpf_copy_from_user': '5.10', 'helper:bpf_d_path': '5.10', 'helper:bpf_get_current_task_btf': '5.11' },
	...{ 'helper:bpf_sock_from_file': '5.11', 'helper:bpf_for_each_map_elem': '5.13', 'helper:bpf_snprintf': '5.13' },
	...{ 'helper:bpf_task_pt_regs': '5.15', 'helper:bpf_get_func_ip': '5.15', 'helper:bpf_get_attach_cookie': '5.15' },
	...{ 'helper:bpf_kallsyms_lookup_name': '5.16', 'helper:bpf_find_vma': '5.17', 'helper:bpf_loop': '5.17', 'helper:bpf_strncmp': '5.17' },
	...{ 'helper:bpf_get_func_arg': '5.17', 'helper:bpf_copy_from_user_task': '5.18', 'helper:bpf_dynptr_from_mem': '5.19' },
	'helper:bpf_user_ringbuf_drain': '6.1',
};

function isOlder(running: string, version: string): boolean {
	const [major = 0, minor = 0] = running.split(/[.-]/).map(Number);
	const [wantedMajor = 0, wantedMinor = 0] = version.split('.').map(Number);
	return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

/** `; Linux 5.15 has it`, for a thing that came after the running kernel; '' for any other. @param thing as in gadget.yaml's `needs` */
export function since(thing: string, running = release()): string {
	const version = versions[thing] ?? versions[thing.split(':', 1)[0] ?? ''];
	return version !== undefined && isOlder(running, version) ? `; Linux ${version} has it` : '';
}
