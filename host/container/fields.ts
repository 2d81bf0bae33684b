/** Fields that say in which container and pod a record came to be. Their columns are filled by the container enricher; without it they are absent. */
import { annotate, defaultAnnotations, expand } from '../gadget/annotations.js';
import { type DataSource, type Field, FieldFlag, Kind } from '../schema.js';

interface Spec {
	readonly name: string;
	readonly kind: number;
	readonly hidden?: boolean;
	/** Instead of the default annotations. */
	readonly annotations?: Readonly<Record<string, string>>;
	readonly order?: number;
	readonly about?: string;
}

const { String: text, Invalid: none } = Kind;

/** Orders below 0: before a gadget's own columns, as in Inspektor Gadget. */
const kubernetes: readonly Spec[] = [
	{ name: 'k8s', kind: none, hidden: true },
	{ name: 'k8s.node', about: 'Node that the event is from', kind: text, hidden: true, annotations: { template: 'node' }, order: -31 },
	{
		name: 'k8s.namespace',
		about: "Namespace of the container's pod",
		kind: text,
		hidden: true,
		annotations: { template: 'namespace' },
		order: -30,
	},
	{ name: 'k8s.podName', about: "Name of the container's pod", kind: text, hidden: true, annotations: { template: 'pod' }, order: -29 },
	{
		name: 'k8s.containerName',
		about: 'Name of the container in its pod',
		kind: text,
		hidden: true,
		annotations: { template: 'container' },
		order: -28,
	},
	{ name: 'k8s.hostnetwork', about: "Whether the pod is in the host's network namespace", kind: Kind.Bool, hidden: true, order: -27 },
	{ name: 'k8s.podLabels', about: 'Labels of the pod', kind: text, hidden: true, order: -26 },
	{ name: 'k8s.owner', kind: none, hidden: true },
	{ name: 'k8s.owner.kind', about: 'Kind of what owns the pod', kind: text, hidden: true },
	{ name: 'k8s.owner.name', about: 'Name of what owns the pod', kind: text, hidden: true },
];
const runtime: readonly Spec[] = [
	{ name: 'runtime', kind: none },
	{
		name: 'runtime.containerName',
		about: 'Name of the container, empty on the host',
		kind: text,
		annotations: { template: 'container' },
		order: -27,
	},
	{
		name: 'runtime.runtimeName',
		about: 'Container runtime',
		kind: text,
		hidden: true,
		annotations: { 'columns.width': '19', 'columns.fixed': 'true' },
		order: -26,
	},
	{
		name: 'runtime.containerId',
		about: 'Id of the container',
		kind: text,
		hidden: true,
		annotations: { 'columns.width': '13', 'columns.maxwidth': '64' },
		order: -25,
	},
	{
		...{ name: 'runtime.containerPid', about: "Process id of the container's first process", kind: Kind.Uint32, hidden: true, order: -24 },
		annotations: { template: 'containerPid' },
	},
	{ name: 'runtime.containerImageName', about: 'Image of the container', kind: text, hidden: true, order: -23 },
	{ name: 'runtime.containerImageDigest', about: "Digest of the container's image", kind: text, hidden: true, order: -22 },
	{
		name: 'runtime.containerStartedAt',
		about: 'When the container was started, ns since 1970',
		kind: Kind.Int64,
		hidden: true,
		order: -21,
	},
];
const stack = { addresses: 'Addresses of the frames', buildid: 'Build ids and offsets of the frames', symbols: 'Functions of the frames' };

function add(source: DataSource, spec: Spec, tags: readonly string[]): void {
	const id = source.fields.length;
	const dot = spec.name.lastIndexOf('.');
	const parent = dot === -1 ? -1 : source.fields.findIndex((field) => field.name === spec.name.slice(0, dot));
	const empty = spec.kind === Kind.Invalid;
	const flags = (empty ? FieldFlag.Empty : 0) | (spec.hidden ? FieldFlag.Hidden : 0) | (parent === -1 ? 0 : FieldFlag.HasParent);
	const field: Field = {
		...{ id, name: spec.name, kind: spec.kind, offset: 0, size: 0, flags, parent },
		slot: empty ? -1 : source.slots++,
		...{ tags: [...tags], annotations: {}, order: spec.order ?? id },
	};
	if (spec.about !== undefined) field.annotations.description = spec.about;
	annotate(field, spec.annotations === undefined ? defaultAnnotations : expand(spec.annotations));
	source.fields.push(field);
}

/** True when the data source says which mount or network namespace a record is of: then its container can be found. */
export function namesContainers(source: DataSource): boolean {
	return source.fields.some((field) => field.tags.some((tag) => tag === 'type:gadget_mntns_id' || tag === 'type:gadget_netns_id'));
}

/** Adds the `k8s` and `runtime` fields, and the texts of user stacks, with a column slot each. */
export function addContainerFields(source: DataSource): void {
	if (namesContainers(source)) {
		for (const spec of kubernetes) add(source, spec, spec.kind === Kind.Invalid ? [] : ['kubernetes']);
		for (const spec of runtime) add(source, spec, []);
	}
	for (const parent of source.fields.filter((field) => field.tags.includes('type:gadget_user_stack'))) {
		for (const [leaf, about] of Object.entries(stack)) {
			add(source, { name: `${parent.name}.${leaf}`, about, kind: text, hidden: true }, [`name:${leaf}`, 'operator:ustack']);
		}
	}
}
