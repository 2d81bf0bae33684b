/** Default annotations and templates of fields, and what gadget.yaml adds to them. */
import { configureLater } from '../later-fields.js';
import { type DataSource, type Field, FieldFlag } from '../schema.js';
import type { DataSourceConfig, FieldConfig, GadgetMetadata } from './metadata.js';

type Annotations = Readonly<Record<string, string>>;

const right = { 'columns.alignment': 'right' };
const hidden = { 'columns.hidden': 'true' };
const middle = { 'columns.ellipsis': 'middle' };
const width = (value: number): Annotations => ({ 'columns.width': String(value) });
const min = (value: number): Annotations => ({ 'columns.minwidth': String(value) });
const max = (value: number): Annotations => ({ 'columns.maxwidth': String(value) });

const namespaceId = { ...width(12), ...right, ...hidden };
/** Inspektor Gadget's templates: a name for a set of annotations. */
export const templates: Readonly<Record<string, Annotations>> = {
	timestamp: { ...width(35), ...max(35), 'columns.ellipsis': 'end', ...hidden },
	bytes: { ...width(10), ...right },
	duration: { ...width(20), ...right },
	node: { ...width(30), ...middle },
	pod: { ...width(30), ...middle },
	container: width(30),
	namespace: width(30),
	containerImageName: width(30),
	containerImageDigest: width(30),
	containerPid: { ...width(6), ...right, ...hidden },
	containerStartedAt: { ...width(35), ...hidden },
	comm: max(16),
	pcomm: { ...max(16), ...hidden },
	pid: { ...min(7), ...right },
	ppid: { ...min(7), ...right, ...hidden },
	tid: { ...min(7), ...right },
	ptid: { ...min(7), ...right, ...hidden },
	uid: { ...min(8), ...right },
	gid: { ...min(8), ...right },
	ns: namespaceId,
	mntns_id: namespaceId,
	netns_id: namespaceId,
	l4endpoint: { ...min(22), ...width(40), ...max(52), ...middle },
	syscall: { ...width(18), ...max(28) },
	errorString: width(12),
	user_stack: hidden,
};

export const defaultAnnotations: Annotations = { ...width(16), 'columns.ellipsis': 'end', 'columns.alignment': 'left' };

/** Templates that fields of a type get by themselves. */
const templateOfType: Readonly<Record<string, Annotations | undefined>> = {
	'type:gadget_timestamp': templates.timestamp,
	'type:gadget_comm': templates.comm,
	'type:gadget_pcomm': templates.pcomm,
	'type:gadget_pid': templates.pid,
	'type:gadget_ppid': templates.ppid,
	'type:gadget_tid': templates.tid,
	// Unlike Inspektor Gadget, whose default columns of trace_open and trace_exec show two headed TID: one helps, two do not.
	'type:gadget_ptid': hidden,
	'type:gadget_uid': templates.uid,
	'type:gadget_gid': templates.gid,
	'type:gadget_mntns_id': templates.mntns_id,
	'type:gadget_netns_id': templates.netns_id,
	'type:gadget_user_stack': templates.user_stack,
	'type:gadget_process': hidden,
	'type:gadget_creds': hidden,
	'type:gadget_parent': hidden,
};
/** What fields of the framework's types are, for people; a gadget may say it better. */
const aboutType: Readonly<Record<string, string | undefined>> = {
	'type:gadget_timestamp': 'When it happened, as the kernel counts time',
	'type:gadget_comm': 'Command name of the process',
	'type:gadget_pcomm': 'Command name of the parent process',
	'type:gadget_pid': 'Process id',
	'type:gadget_ppid': 'Process id of the parent',
	'type:gadget_tid': 'Thread id',
	'type:gadget_ptid': 'Thread id of the parent',
	'type:gadget_uid': 'User id',
	'type:gadget_gid': 'Group id',
	'type:gadget_mntns_id': 'Inode number of the mount namespace',
	'type:gadget_netns_id': 'Inode number of the network namespace',
	'type:gadget_errno': 'Error number, 0 if it succeeded',
	'type:gadget_file_flags': 'Flags of the file, as a number',
	'type:gadget_file_mode': 'Mode of the file, as a number',
	'type:gadget_signal': 'Number of the signal',
	'type:gadget_syscall': 'Number of the system call',
};
const aliasing = ['type:gadget_process', 'type:gadget_creds', 'type:gadget_parent'];

/** What stands in the column of an endpoint. */
const endpointText: Readonly<Record<string, string | undefined>> = {
	'type:gadget_l3endpoint_t': 'addr',
	'type:gadget_l4endpoint_t': 'endpoint',
};

/** The field and its members. */
function unreference(source: DataSource, field: Field): void {
	field.flags |= FieldFlag.Unreferenced;
	for (const member of source.fields) if (member.parent === field.id) unreference(source, member);
}

/** What a config says about a thing, templates written out. A template's own name stays, as in Inspektor Gadget. */
export function expand(config: Annotations): Record<string, string> {
	const template = config.template === undefined ? undefined : templates[config.template];
	return { ...template, ...config };
}

/** Puts annotations on a field; `columns.hidden` moves its flag. */
export function annotate(field: Field, annotations: Annotations): void {
	Object.assign(field.annotations, annotations);
	const value = annotations['columns.hidden'];
	if (value === 'true') field.flags |= FieldFlag.Hidden;
	else if (value === 'false') field.flags &= ~FieldFlag.Hidden;
}

/** Defaults for the fields that come from eBPF. Call once, before anything else annotates. */
export function annotateDefaults(source: DataSource): void {
	for (const field of source.fields) {
		const given = { ...field.annotations };
		annotate(field, defaultAnnotations);
		for (const tag of field.tags) {
			const template = templateOfType[tag];
			if (template !== undefined) annotate(field, template);
			const about = aboutType[tag];
			if (about !== undefined) field.annotations.description = about;
		}
		const parent = source.fields[field.parent];
		if (parent?.tags.some((tag) => aliasing.includes(tag))) {
			field.annotations['columns.alias'] = field.name.slice(parent.name.length + 1);
		}
		// Of an endpoint its texts are shown (the operator `formatters` adds them), and its address in binary nowhere.
		if (parent?.tags.some((tag) => endpointText[tag]) && field.tags.includes('type:gadget_ip_addr_t')) unreference(source, field);
		const text = field.tags.map((tag) => endpointText[tag]).find((name) => name !== undefined);
		if (text !== undefined) field.annotations['columns.replace'] = `${field.name}.${text}`;
		// The members of a stack are addresses for machines; the text is in the fields that are added beside them.
		if (parent?.tags.includes('type:gadget_user_stack')) field.flags |= FieldFlag.Hidden;
		annotate(field, given);
	}
}

function applyField(field: Field, config: FieldConfig): void {
	annotate(field, expand(config.annotations));
	for (const tag of config.tags) if (!field.tags.includes(tag)) field.tags.push(tag);
}

/** Annotations and tags for a field of a data source; it may be one that an operator will add. */
export function configureField(source: DataSource, name: string, config: FieldConfig): void {
	const field = source.fields.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
	if (field === undefined) configureLater(source, name, expand(config.annotations));
	else applyField(field, config);
}

/** gadget.yaml's part: annotations and tags of the data source and of its fields. */
export function applyMetadata(source: DataSource, metadata: GadgetMetadata): void {
	const config: DataSourceConfig | undefined = metadata.dataSources[source.name.toLowerCase()];
	if (config === undefined) return;
	Object.assign(source.annotations, config.annotations);
	for (const tag of config.tags) if (!source.tags.includes(tag)) source.tags.push(tag);
	for (const [name, field] of Object.entries(config.fields)) configureField(source, name, field);
}
