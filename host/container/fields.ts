/** Fields that say in which container and pod a record came to be. Their columns are filled by the container enricher; without it they are absent. */
import { type AddedField, addField } from '../gadget/added-field.js';
import { type DataSource, Kind } from '../schema.js';

const { String: text, Invalid: none } = Kind;

/** Orders below 0: before a gadget's own columns, as in Inspektor Gadget. */
const kubernetes: readonly AddedField[] = [
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
const runtime: readonly AddedField[] = [
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

/** True when the data source says which mount or network namespace a record is of: then its container can be found. */
export function namesContainers(source: DataSource): boolean {
	return source.fields.some((field) => field.tags.some((tag) => tag === 'type:gadget_mntns_id' || tag === 'type:gadget_netns_id'));
}

/** Adds the `k8s` and `runtime` fields, with a column slot each. */
export function addContainerFields(source: DataSource): void {
	if (namesContainers(source)) {
		for (const spec of kubernetes) addField(source, spec, spec.kind === Kind.Invalid ? [] : ['kubernetes']);
		for (const spec of runtime) addField(source, spec, []);
	}
}
