// SPDX-License-Identifier: Apache-2.0
/*
 * Where a marker (USDT) is in a file, for programs without libbpf's maps for its arguments. libbpf finds the others.
 * The notes are described in https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation
 */
#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>
#include "internal.h"

struct file {
	Elf *elf;
	size_t width; /* of an address */
};

/* The file's offset of an address in memory; 0: none. */
static uint64_t file_offset(const struct file *file, uint64_t address)
{
	GElf_Phdr segment;
	size_t count;

	if (!address || elf_getphdrnum(file->elf, &count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (gelf_getphdr(file->elf, (int)i, &segment) && segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
		    address - segment.p_vaddr < segment.p_memsz)
			return address - segment.p_vaddr + segment.p_offset;
	}
	return 0;
}

static Elf_Scn *section(const struct file *file, const char *name, GElf_Shdr *header)
{
	Elf_Scn *at = NULL;
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names))
		return NULL;
	while ((at = elf_nextscn(file->elf, at))) {
		const char *found = gelf_getshdr(at, header) ? elf_strptr(file->elf, names, header->sh_name) : NULL;

		if (found && !strcmp(found, name))
			return at;
	}
	return NULL;
}

/* The description of a note: three addresses, and texts. Fills place when it is that marker's. */
static bool read_note(const struct file *file, const uint8_t *text, size_t size, const char *provider, const char *name,
		      uint64_t base, struct ig_place *place)
{
	const size_t head = 3 * file->width, provider_size = strlen(provider) + 1, name_size = strlen(name) + 1;
	uint64_t addresses[3] = { 0 };

	if (size < head + provider_size + name_size || memcmp(text + head, provider, provider_size) ||
	    memcmp(text + head + provider_size, name, name_size))
		return false;
	for (size_t i = 0; i < 3; i++)
		memcpy(&addresses[i], text + i * file->width, file->width);
	/* prelink(8) moves addresses, and does not know about the notes: how far, the section's says. */
	if (base && addresses[1]) {
		addresses[0] += base - addresses[1];
		if (addresses[2])
			addresses[2] += base - addresses[1];
	}
	place->offset = file_offset(file, addresses[0]);
	place->counter = file_offset(file, addresses[2]);
	return place->offset != 0;
}

static int find(const struct file *file, const char *provider, const char *name, struct ig_place *places, uint32_t most)
{
	GElf_Shdr header;
	uint64_t base = section(file, ".stapsdt.base", &header) ? header.sh_addr : 0;
	Elf_Scn *notes = section(file, ".note.stapsdt", &header);
	Elf_Data *data = notes ? elf_getdata(notes, NULL) : NULL;
	size_t at = 0, label, text;
	uint32_t count = 0;
	GElf_Nhdr note;

	while (data && count < most && (at = gelf_getnote(data, at, &note, &label, &text))) {
		if (note.n_type == 3 && note.n_namesz == sizeof("stapsdt") &&
		    !memcmp((const char *)data->d_buf + label, "stapsdt", sizeof("stapsdt")) &&
		    read_note(file, (const uint8_t *)data->d_buf + text, note.n_descsz, provider, name, base, &places[count]))
			count++;
	}
	return count ? (int)count : -ENOENT;
}

int ig_usdt_find(const char *path, const char *provider, const char *name, struct ig_place *places, uint32_t most)
{
	struct file file;
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	file.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!file.elf || elf_kind(file.elf) != ELF_K_ELF) {
		result = -ENOEXEC;
	} else {
		file.width = gelf_getclass(file.elf) == ELFCLASS64 ? 8 : 4;
		result = find(&file, provider, name, places, most);
	}
	elf_end(file.elf);
	close(fd);
	return result;
}
