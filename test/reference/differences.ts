/** Where our gadgets differ from Inspektor Gadget's on purpose. What is listed and does not differ is an error, too. */
export interface Difference {
	/** Undefined: any. */
	readonly gadget?: string;
	/** What differs, as reference.test.ts names it. */
	readonly what: RegExp;
	readonly reason: string;
}

export const differences: readonly Difference[] = [
	{
		what: /parent\.tid (hidden|annotations columns\.hidden)$/,
		reason: 'Two default columns that are called TID help nobody',
	},
	{
		what: / kind$/,
		reason: 'What is formatted in place is a text, no longer a buffer: string and cstring',
	},
	{
		what: / offset$/,
		reason: "A map's key and value are one record here, and two there",
	},
	{
		gadget: 'profile_blockio',
		what: /^(data source |--filter(-expr)?\.)?blockio/,
		reason:
			'There the drawn text is the data source (blockio-rendered); here it is an output of the one with the numbers, so that -o json shows them. declared.ts has its fields',
	},
	{
		gadget: 'trace_fsslower',
		what: /^malloc\.file annotations columns\.width:?$/,
		reason: 'Theirs has a colon too many in the key, and so no effect',
	},
	{
		what: /^--(min|min-gpu-mem-bytes|stale-threshold-ms)$/,
		reason: 'uint there: the size of the C type is part of our names for types',
	},
	{
		gadget: 'trace_lsm',
		what: /^lsm\.tracepoint annotations columns\.width$/,
		reason: 'So that no name of a hook is cut',
	},
	{
		gadget: 'trace_dns',
		what: /^(dns\.data |data source dns annotations ebpf\.rest\.)/,
		reason: 'Packets, which are shown nowhere, are in the record with us and behind it with them',
	},
	{
		gadget: 'tcpdump',
		what: /^data source packets annotations pcap\.direction$/,
		reason: 'Captures say which way a packet went: only with us',
	},
	{
		what: /[._]frames /,
		reason: 'The frames of stacks, for operators: only with us',
	},
];
