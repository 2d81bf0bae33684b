/** Names of users and groups, for the operators' side tables `users` and `groups`. */
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

export type IdNames = ReadonlyMap<number, string>;

/** `name:password:id:…` lines, as in passwd and group. The first of several lines with an id wins, as in the C library. */
export function parseIds(text: string): Map<number, string> {
	const names = new Map<number, string>();
	for (const line of text.split('\n')) {
		const [name = '', , id = ''] = line.split(':');
		if (name === '' || name.startsWith('#') || !/^\d{1,10}$/.test(id)) continue;
		const number = Number(id);
		if (number <= 0xffff_ffff && !names.has(number)) names.set(number, name);
	}
	return names;
}

function read(path: string): Map<number, string> {
	try {
		return parseIds(readFileSync(path, 'utf8'));
	} catch {
		return new Map();
	}
}

/** What changed, as an update of a side table: null for ids that went away. */
export function changes(before: IdNames, after: IdNames): Map<number, string | null> {
	const changed = new Map<number, string | null>();
	for (const [id, name] of after) if (before.get(id) !== name) changed.set(id, name);
	for (const id of before.keys()) if (!after.has(id)) changed.set(id, null);
	return changed;
}

/**
 * Calls back with all names at once, then with what changes when the file is written or replaced.
 * @returns stops watching
 */
export function watchIds(path: string, update: (entries: ReadonlyMap<number, string | null>) => void): () => void {
	let known = read(path);
	update(known);
	let timer: NodeJS.Timeout | undefined;
	let watcher: FSWatcher | undefined;
	const reread = (): void => {
		const now = read(path);
		const changed = changes(known, now);
		known = now;
		if (changed.size > 0) update(changed);
	};
	try {
		// The folder, since tools replace these files by renaming; events of one change come in bursts.
		watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
			if (name !== null && name !== basename(path)) return;
			clearTimeout(timer);
			timer = setTimeout(reread, 100).unref();
		});
		watcher.on('error', () => watcher?.close());
	} catch {
		// No inotify left: names stay as they are.
	}
	return () => {
		clearTimeout(timer);
		watcher?.close();
	};
}
