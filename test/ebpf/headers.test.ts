import { expect, it } from 'vitest';
import { findMarkers } from '../../host/ebpf/markers.js';
import { openFixture } from './fixture.js';

it('every header for programs that trace passes the verifier', () => {
	const headers = openFixture('headers');
	try {
		headers.load();
		expect(headers.programs.every((program) => program.fd > 0)).toBe(true);
		expect(findMarkers(headers.btf).params).toEqual(expect.arrayContaining(['targ_pid', 'targ_comm', 'collect_ustack', 'multiplier']));
	} finally {
		headers.close();
	}
});
