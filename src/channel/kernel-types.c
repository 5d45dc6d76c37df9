/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/kernel-types.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "wire/file.h"

#define SECTION       ".data..percpu"
#define PLACE_MAXIMUM 8

/* Of each kind: bytes of a type behind its struct btf_type, and for each that it counts. */
static const struct tail {
	bool known;
	uint8_t fixed, each;
} tails[BTF_INFO_KIND(-1u) + 1] = {
	[BTF_KIND_INT] = { true, 4, 0 },
	[BTF_KIND_PTR] = { true, 0, 0 },
	[BTF_KIND_ARRAY] = { true, sizeof(struct btf_array), 0 },
	[BTF_KIND_STRUCT] = { true, 0, sizeof(struct btf_member) },
	[BTF_KIND_UNION] = { true, 0, sizeof(struct btf_member) },
	[BTF_KIND_ENUM] = { true, 0, sizeof(struct btf_enum) },
	[BTF_KIND_FWD] = { true, 0, 0 },
	[BTF_KIND_TYPEDEF] = { true, 0, 0 },
	[BTF_KIND_VOLATILE] = { true, 0, 0 },
	[BTF_KIND_CONST] = { true, 0, 0 },
	[BTF_KIND_RESTRICT] = { true, 0, 0 },
	[BTF_KIND_FUNC] = { true, 0, 0 },
	[BTF_KIND_FUNC_PROTO] = { true, 0, sizeof(struct btf_param) },
	[BTF_KIND_VAR] = { true, sizeof(struct btf_var), 0 },
	[BTF_KIND_DATASEC] = { true, 0, sizeof(struct btf_var_secinfo) },
	[BTF_KIND_FLOAT] = { true, 0, 0 },
	[BTF_KIND_DECL_TAG] = { true, sizeof(struct btf_decl_tag), 0 },
	[BTF_KIND_TYPE_TAG] = { true, 0, 0 },
	[BTF_KIND_ENUM64] = { true, 0, sizeof(struct btf_enum64) },
};

/* Tens of thousands of names are no match: most differ in the first character. */
static inline bool is_named(const struct kernel_types *types, uint32_t name_offset, const char *name)
{
	size_t length;

	if (name_offset >= types->text_length || types->texts[name_offset] != *name)
		return false;
	length = strlen(name) + 1;
	return types->text_length - name_offset >= length && !memcmp(types->texts + name_offset, name, length);
}

int kernel_types_open(const void *data, size_t length, struct kernel_types *ret)
{
	const struct btf_header *header = data;
	const char *begin = data;

	if (length < sizeof(*header) || header->magic != BTF_MAGIC || header->hdr_len < sizeof(*header) || header->hdr_len > length ||
	    header->hdr_len % 4)
		return -EBADMSG;
	length -= header->hdr_len;
	if (header->type_off > length || header->type_len > length - header->type_off || header->str_off > length ||
	    header->str_len > length - header->str_off || header->type_off % 4)
		return -EBADMSG;
	begin += header->hdr_len;
	*ret = (struct kernel_types){ .at = begin + header->type_off,
				      .end = begin + header->type_off + header->type_len,
				      .texts = begin + header->str_off,
				      .text_length = header->str_len };
	return 0;
}

int kernel_types_next(struct kernel_types *types, const struct btf_type **ret)
{
	const struct btf_type *type = (const void *)types->at;
	const ptrdiff_t left = types->end - types->at;
	const struct tail *tail;
	size_t length;

	if (left <= 0)
		return 0;
	if (left < (ptrdiff_t)sizeof(*type))
		return -EBADMSG;
	tail = &tails[BTF_INFO_KIND(type->info)];
	length = sizeof(*type) + tail->fixed + (size_t)tail->each * BTF_INFO_VLEN(type->info);
	if (!tail->known || (size_t)left < length)
		return -EBADMSG;
	types->at += length;
	*ret = type;
	return 1;
}

int kernel_types_read(const char *path, kernel_types_function *function, void *data)
{
	_cleanup_close_ int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_buffer_ struct buffer copy = { 0 };
	struct stat status;
	void *map;
	int r;

	if (descriptor < 0 || fstat(descriptor, &status) < 0)
		return -ENOENT;
	/* Since 6.16 they can be mapped, which spares a read of megabytes in pages. */
	map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
	if (map == MAP_FAILED) {
		r = file_read(descriptor, 0, 0, &copy);
		return r < 0 ? r : function(data, copy.data, copy.length);
	}
	r = function(data, map, (size_t)status.st_size);
	munmap(map, (size_t)status.st_size);
	return r;
}

/* The places in SECTION of the variables whose numbers are IDS. */
static void read_section(const struct btf_type *section, const uint32_t *ids, struct kernel_place *places, unsigned int count)
{
	const struct btf_var_secinfo *variable = (const void *)(section + 1);

	for (unsigned int i = 0; i < BTF_INFO_VLEN(section->info); i++, variable++)
		for (unsigned int j = 0; j < count; j++)
			if (ids[j] && variable->type == ids[j])
				places[j].offset = variable->offset;
}

/* The member at PLACE, where TYPE is its structure. */
static void read_structure(const struct kernel_types *types, const struct btf_type *type, struct kernel_place *place)
{
	const struct btf_member *member = (const void *)(type + 1);

	if (!is_named(types, type->name_off, place->structure))
		return;
	for (unsigned int i = 0; i < BTF_INFO_VLEN(type->info); i++, member++)
		if (is_named(types, member->name_off, place->name))
			place->offset = (BTF_INFO_KFLAG(type->info) ? BTF_MEMBER_BIT_OFFSET(member->offset) : member->offset) / 8;
}

int kernel_places_in(const void *data, size_t length, struct kernel_place *places, unsigned int count)
{
	const struct btf_type *section = NULL, *type;
	uint32_t ids[PLACE_MAXIMUM] = {};
	struct kernel_types types;
	int r = kernel_types_open(data, length, &types);

	if (r < 0 || count > PLACE_MAXIMUM)
		return r < 0 ? r : -EINVAL;
	for (unsigned int i = 0; i < count; i++)
		places[i].offset = -1;
	for (uint32_t id = 1; (r = kernel_types_next(&types, &type)) > 0; id++) {
		const unsigned int kind = BTF_INFO_KIND(type->info);

		if (kind == BTF_KIND_DATASEC && is_named(&types, type->name_off, SECTION))
			section = type;
		for (unsigned int i = 0; (kind == BTF_KIND_VAR || kind == BTF_KIND_STRUCT) && i < count; i++)
			if (kind == BTF_KIND_STRUCT && places[i].structure)
				read_structure(&types, type, &places[i]);
			else if (kind == BTF_KIND_VAR && !places[i].structure && is_named(&types, type->name_off, places[i].name))
				ids[i] = id;
	}
	if (r < 0)
		return r;
	if (section)
		read_section(section, ids, places, count);
	return 0;
}

struct request {
	struct kernel_place *places;
	unsigned int count;
};

static int find_places(void *data, const void *types, size_t length)
{
	const struct request *request = data;

	return kernel_places_in(types, length, request->places, request->count);
}

int kernel_places(struct kernel_place *places, unsigned int count)
{
	struct request request = { places, count };

	return kernel_types_read(KERNEL_TYPES_PATH, find_places, &request);
}
