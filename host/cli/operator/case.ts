/** A test case of an operator project: tests/NAME.json. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { IgError } from '../../errors.js';

const shape = z.strictObject({
	recording: z.string(),
	params: z.record(z.string(), z.string()).default({}),
	fields: z.array(z.string()).optional(),
	/** Capabilities; files behind them (`file:PATH=OTHER`) stand beside the case. */
	grants: z.array(z.string()).default([]),
	tables: z
		.record(z.enum(['users', 'groups']), z.record(z.string().regex(/^\d+$/), z.string()))
		.or(z.object({}))
		.default({}),
});

export interface Case extends z.infer<typeof shape> {
	readonly name: string;
	/** Absolute, or relative to the working directory. */
	readonly recording: string;
	readonly golden: string;
}

function readCase(folder: string, name: string): Case {
	const file = join(folder, `${name}.json`);
	const fail = (reason: string, cause?: unknown): never => {
		throw new IgError('IG_OPERATOR_CASE', { file, reason }, { cause });
	};
	let value: unknown;
	try {
		value = JSON.parse(readFileSync(file, 'utf8'));
	} catch (cause) {
		return fail(`not JSON: ${(cause as Error).message}`, cause);
	}
	const parsed = shape.safeParse(value);
	if (!parsed.success) {
		const issue = parsed.error.issues[0];
		return fail(`${issue?.path.join('.') || 'the case'}: ${issue?.message}`);
	}
	const grants = parsed.data.grants.map((grant) =>
		grant.replace(/^((?:file|dir):[^=]*)=(.*)$/s, (_, wish: string, other: string) => `${wish}=${resolve(folder, other)}`),
	);
	return { ...parsed.data, name, grants, recording: join(folder, parsed.data.recording), golden: join(folder, `${name}.golden`) };
}

/** All cases of a project, or those with these names, by name. @throws IgError IG_OPERATOR_CASE */
export function readCases(project: string, wanted: readonly string[]): Case[] {
	const folder = join(project, 'tests');
	const have = existsSync(folder)
		? readdirSync(folder)
				.filter((file) => file.endsWith('.json'))
				.sort()
		: [];
	const names = have.map((file) => file.slice(0, -'.json'.length));
	const unknown = wanted.find((name) => !names.includes(name));
	if (names.length === 0)
		throw new IgError('IG_OPERATOR_CASE', { file: folder, reason: 'has no case: NAME.json with the name of a recording' });
	if (unknown !== undefined)
		throw new IgError('IG_OPERATOR_CASE', { file: folder, reason: `has no case '${unknown}', only ${names.join(', ')}` });
	return names.filter((name) => wanted.length === 0 || wanted.includes(name)).map((name) => readCase(folder, name));
}
