import { test } from 'vitest';
import { runInVm } from './vm.js';
test('x', { timeout: 300000 }, async () => {
	const t = Date.now();
	const r = await runInVm('5.10', 'cat /proc/uptime; cd /work/main; node dist/host/cli/main.js run trace_open -o json -v --comm nosuch --timeout 1; cat /proc/uptime; node dist/host/cli/main.js run trace_exec -o json -v --paths --ignore-failed=false --comm nosuch --timeout 1;  cat /proc/uptime', { timeoutMs: 200000 });
	console.log(r.stdout, r.stderr, r.code, Date.now() - t);
});
