/** When the snapshots of iterators and maps are taken: parameters and annotations, under Inspektor Gadget's names. */
import { milliseconds } from '../duration.js';
import type { GadgetSource } from '../ebpf/data-sources.js';
import type { Schedule } from '../ebpf/source.js';
import { IgError } from '../errors.js';
import { Kind } from '../schema.js';
import type { Param } from './params.js';

const INTERVAL = 'map-fetch-interval';
const COUNT = 'map-fetch-count';

/** Annotations of data sources. */
const annotation = {
	interval: 'fetch-interval',
	count: 'fetch-count',
	mapOnStop: 'ebpf.map.flush-on-stop',
	iteratorOnStop: 'ebpf.iter.fetch-on-stop',
	/** Ours: `true` leaves the entries in the map. */
	keep: 'ebpf.map.keep',
} as const;

/** The flags of a gadget with map iterators. */
export function fetchParams(sources: readonly GadgetSource[], paramDefaults: Readonly<Record<string, string>>): Param[] {
	const maps = sources.filter(({ origin }) => origin.kind === 'map').map(({ dataSource }) => dataSource);
	const first = maps[0];
	if (first === undefined) return [];
	const make = (key: string, type: string, value: string, description: string): Param => ({
		...{ key, variable: '', type, description, possibleValues: [], kind: Kind.String, size: 0 },
		default: paramDefaults[`operator.oci.ebpf.${key}`] ?? value,
	});
	const annotated = (name: string): string | undefined => (maps.length === 1 ? first.annotations[name] : undefined);
	return [
		make(
			INTERVAL,
			'string',
			annotated(annotation.interval) ?? '1000ms',
			'How often maps are read: 1s, or DATASOURCE:1s,...; 0: not at intervals',
		),
		make(COUNT, 'int', annotated(annotation.count) ?? '0', 'How many times maps are read: 5, or DATASOURCE:5,...; 0: without end'),
	];
}

function reject(param: string, value: string, reason: string): never {
	throw new IgError('IG_PARAM', { param, value, reason });
}

/** The part of `value` that is for a data source: `5`, or `a:5,b:6`. */
function valueFor(param: string, value: string, source: string): string | undefined {
	if (!value.includes(':')) return value;
	const parts = value
		.split(',')
		.map((part) => /^([^:]+):([^:]+)$/.exec(part.trim()) ?? reject(param, value, 'is not DATASOURCE:VALUE,...'));
	return parts.find(([, name]) => name === source)?.[2];
}

function interval(param: string, value: string): number {
	const found = milliseconds(value, 'ms') ?? reject(param, value, 'is not a time, like 500ms or 2s');
	if (found > 0xffffffff) reject(param, value, 'is too long');
	return Math.round(found);
}

function count(param: string, value: string): number {
	return /^\d{1,9}$/.test(value.trim()) ? Number(value) : reject(param, value, 'is not a whole number');
}

const isTrue = (text: string | undefined): boolean => text === 'true';

/** Whether reading takes the entries out of the map. */
export function keepsEntries({ dataSource }: GadgetSource): boolean {
	return isTrue(dataSource.annotations[annotation.keep]);
}

/**
 * When snapshots of a data source are taken; undefined for one that is not made of snapshots. Writes it on the data source, for
 * operators and people to see.
 * @param given the user's values of parameters by key; annotations come next, then the parameters' defaults
 * @throws IgError IG_PARAM
 */
export function scheduleOf(
	{ dataSource, origin }: GadgetSource,
	given: (key: string) => string | undefined,
	defaults: (key: string) => string | undefined,
): Schedule | undefined {
	if (origin.kind === 'buffer') return undefined;
	const { annotations, name } = dataSource;
	const from = (values: (key: string) => string | undefined, key: string): string | undefined => {
		const value = origin.kind === 'map' ? values(key) : undefined;
		return value === undefined ? undefined : valueFor(key, value, name);
	};
	const text = (key: string, note: string): string | undefined => from(given, key) ?? annotations[note] ?? from(defaults, key);
	const intervalText = text(INTERVAL, annotation.interval) ?? '0';
	const intervalMs = interval(origin.kind === 'map' ? INTERVAL : annotation.interval, intervalText);
	const countText = text(COUNT, annotation.count) ?? (intervalMs > 0 ? '0' : '1');
	const times = count(origin.kind === 'map' ? COUNT : annotation.count, countText);
	const onStop = isTrue(annotations[origin.kind === 'map' ? annotation.mapOnStop : annotation.iteratorOnStop]);
	if (intervalMs === 0 && times > 1) reject(COUNT, countText, `needs an interval: data source ${name} has none`);
	annotations[annotation.interval] = intervalMs === 0 ? '0' : intervalMs % 1000 === 0 ? `${intervalMs / 1000}s` : `${intervalMs}ms`;
	annotations[annotation.count] = String(times);
	return { intervalMs, count: times, onStop };
}
