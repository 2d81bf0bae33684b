/** Fetches Debian packages of any release without touching the machine's own package lists. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './machine.js';

interface Entry {
	readonly uris: readonly string[];
	readonly suites: readonly string[];
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Entries of the machine's sources, in either of apt's formats. */
function machineSources(): Entry[] {
	const folder = '/etc/apt/sources.list.d';
	const files = ['/etc/apt/sources.list', ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [])];
	const entries: Entry[] = [];
	for (const file of files.filter((name) => /\.(list|sources)$/.test(name) && existsSync(name))) {
		const text = readFileSync(file, 'utf8').replace(/^#.*\n?/gm, '');
		if (file.endsWith('.list')) {
			for (const [, uri, suite] of text.matchAll(/^deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)/gm))
				entries.push({ uris: [uri ?? ''], suites: [suite ?? ''] });
			continue;
		}
		for (const stanza of text.split(/\n\s*\n/)) {
			const list = (key: string) => new RegExp(`^${key}:(.*)$`, 'mi').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
			entries.push({ uris: list('URIs'), suites: list('Suites') });
		}
	}
	return entries;
}

/** The mirror that this machine uses for such a suite. IG_DEBIAN_MIRROR and IG_DEBIAN_SECURITY_MIRROR say otherwise. */
function mirrorOf(suite: string): string {
	const security = suite.endsWith('-security');
	const chosen = process.env[security ? 'IG_DEBIAN_SECURITY_MIRROR' : 'IG_DEBIAN_MIRROR'];
	if (chosen) return chosen;
	const debian = machineSources().filter((entry) => entry.uris.some((uri) => /\/debian(-security)?\/?$/.test(uri)));
	const uri = debian.find((entry) => entry.suites.some((name) => name.endsWith('-security')) === security)?.uris[0];
	if (uri === undefined)
		throw new Error(`no Debian mirror for ${suite} in the machine's apt sources; set IG_DEBIAN_MIRROR and IG_DEBIAN_SECURITY_MIRROR`);
	return uri;
}

/** One suite's packages, with lists and archives in a folder of their own. */
export class PackageSource {
	readonly #folder: string;
	readonly #options: readonly string[];

	/** Reads the suite's lists: a few seconds. */
	constructor(folder: string, suite: string) {
		this.#folder = folder;
		for (const name of ['lists/partial', 'cache/archives/partial', 'parts']) mkdirSync(join(folder, name), { recursive: true });
		const list = join(folder, 'sources.list');
		writeFileSync(list, `deb [arch=amd64 signed-by=${keyring}] ${mirrorOf(suite)} ${suite} main\n`);
		const settings = {
			'Dir::Etc::sourcelist': list,
			'Dir::Etc::sourceparts': join(folder, 'parts'),
			'Dir::State::Lists': join(folder, 'lists'),
			'Dir::Cache': join(folder, 'cache'),
			'Acquire::Languages': 'none',
			'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
			// The folder may be one that only its owner can enter.
			'APT::Sandbox::User': 'root',
		};
		this.#options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
		run('apt-get', [...this.#options, 'update']);
	}

	/** Names of packages that match, the newest version last. */
	names(pattern: RegExp): string[] {
		const names = run('apt-cache', [...this.#options, 'pkgnames'])
			.toString()
			.split('\n')
			.filter((name) => pattern.test(name));
		return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
	}

	/** Names of the packages that one depends on. */
	depends(name: string): string[] {
		const line = /^Depends: (.*)$/m.exec(run('apt-cache', [...this.#options, 'show', '--no-all-versions', name]).toString())?.[1] ?? '';
		return line.split(/[,|]/).map((part) => part.trim().split(' ')[0] ?? '');
	}

	/** Unpacks packages into `target`; nothing of them is run. */
	unpack(names: readonly string[], target: string): void {
		const archives = join(this.#folder, 'archives');
		mkdirSync(archives, { recursive: true });
		run('apt-get', [...this.#options, 'download', ...names], { cwd: archives });
		for (const file of readdirSync(archives)) run('dpkg-deb', ['-x', join(archives, file), target]);
	}
}
