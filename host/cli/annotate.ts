/** `--annotate DATASOURCE:KEY=VALUE,DATASOURCE.FIELD:KEY=VALUE`. */
import { IgError } from '../errors.js';
import { configureField, expand } from '../gadget/annotations.js';
import type { DataSource } from '../schema.js';
import { findSource, splitEscaped } from './per-source.js';

/**
 * Changes annotations in place; fields may be ones that operators will add.
 * @throws IgError IG_FLAG_VALUE, IG_DATASOURCE
 */
export function annotateSources(sources: readonly DataSource[], specs: readonly string[], help: string): void {
	for (const spec of specs.flatMap((list) => splitEscaped(list, ','))) {
		// The value may have colons and equal signs, the field's name dots.
		const match = /^([^:.=]+)(?:\.([^:=]+))?:([^=]+)=(.*)$/s.exec(spec);
		if (match === null) {
			throw new IgError('IG_FLAG_VALUE', {
				flag: '--annotate',
				value: spec,
				reason: 'is not DATASOURCE:KEY=VALUE or DATASOURCE.FIELD:KEY=VALUE',
				help,
			});
		}
		const [, name = '', field, key = '', value = ''] = match;
		const source = findSource(sources, name);
		const annotations = { [key]: value };
		if (field === undefined) Object.assign(source.annotations, expand(annotations));
		else configureField(source, field, { annotations, tags: [] });
	}
}
