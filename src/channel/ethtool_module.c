/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pluggable module of a device: the bytes of its memory, half a page at a time, and new firmware for it, which others may load and ferry does
 * not. Numbers of messages and attributes stand for themselves where few headers have them. Source: Documentation/networking/ethtool-netlink.rst of
 * the kernel; pages are those of CMIS, SFF-8636 and SFF-8472. */
#include <errno.h>
#include <string.h>

#include "channel/codecs.h"
#include "channel/ethtool.h"
#include "channel/generic.h"
#include "channel/object.h"

#define HALF_PAGE 128 /* bytes: what lies below belongs to all pages */
#define ADDRESS   0x50

static const struct field fields_module_eeprom[] = {
	[ETHTOOL_A_MODULE_EEPROM_HEADER] = READ_DEVICE,
	[ETHTOOL_A_MODULE_EEPROM_OFFSET] = { "offset", FIELD_U32, SET, UNIT_BYTES, "where to begin; without: the half that is the page's own" },
	[ETHTOOL_A_MODULE_EEPROM_LENGTH] = { "length", FIELD_U32, SET, UNIT_BYTES, "how many; without: all of that half" },
	[ETHTOOL_A_MODULE_EEPROM_PAGE] = { "page", FIELD_U8, SET, 0, "number of the page; without: 0" },
	[ETHTOOL_A_MODULE_EEPROM_BANK] = { "bank", FIELD_U8, SET, 0, "number of the bank" },
	[ETHTOOL_A_MODULE_EEPROM_I2C_ADDRESS] = { "i2c_address", FIELD_U8, SET | FIELD_HEX, 0, "address of the memory; without: 0x50" },
	[ETHTOOL_A_MODULE_EEPROM_DATA] = { "data", FIELD_BYTES, 0, 0, "its bytes" },
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_module_eeprom, "module_eeprom", "memory of the module of a device", fields_module_eeprom);

static int default_to(struct arena *arena, struct record *record, const char *name, uint64_t number)
{
	return record_find(record, name) ? 0 : record_put(arena, record, name, value_uint(number));
}

/* What is not said. A length may be more than there is from OFFSET on: the kernel says so. */
static int complete(struct arena *arena, struct record *record)
{
	uint64_t offset;
	int r = default_to(arena, record, "page", 0);

	if (r == 0)
		r = default_to(arena, record, "offset", record_number(record, "page", 0) ? HALF_PAGE : 0);
	offset = record_number(record, "offset", 0);
	if (r == 0)
		r = default_to(arena, record, "length", HALF_PAGE - offset % HALF_PAGE);
	return r == 0 ? default_to(arena, record, "i2c_address", ADDRESS) : r;
}

/* "eth0", "eth0,page=1,bank=2". */
static int ask(const char *row, size_t length, struct buffer *request)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_free_ char *text = strndup(row, length);
	struct object_path left = { .arena = &arena, .record = record_new(&arena, &schema_module_eeprom), .error = &(struct error){ 0 } };
	int r;

	if (!text || !left.record)
		return -ENOMEM;
	left.rest = text + strcspn(text, ",");
	r = ethtool_name_device(text, (size_t)(left.rest - text), request);
	while (r == 0 && *left.rest)
		r = object_parse_option(&left);
	if (r == 0)
		r = complete(&arena, left.record);
	if (r == 0)
		r = schema_encode(left.record, SET, request, left.error);
	return r == -ENOMEM ? r : r < 0 ? -EINVAL : 0;
}

const struct operation operation_ethtool_module_eeprom = {
	ETHTOOL_OPERATION("module_eeprom", ETHTOOL_MSG_MODULE_EEPROM_GET, "memory of the module of a device", schema_module_eeprom),
	.answers = { ETHTOOL_MSG_MODULE_EEPROM_GET_REPLY },
	.ask = ask,
	.form = "a device by its name, and what of it, such as eth0 or eth0,page=1,bank=0,offset=128,length=128,i2c_address=80",
};

/* ---- New firmware ---- */

NAMES(progress, false, { 1, "started" }, { 2, "in_progress" }, { 3, "completed" }, { 4, "error" });

#define DONE(name, words)                                                                  \
	{                                                                                  \
		name, FIELD_CODEC, FIELD_VOLATILE, UNIT_BYTES, words, .codec = &codec_uint \
	}
static const struct field fields_module_fw_flash[] = {
	[1] = READ_DEVICE, /* ETHTOOL_A_MODULE_FW_FLASH_HEADER */
	[2] = { "file_name", FIELD_TEXT, 0, 0, "file of the firmware" },
	[3] = { "password", FIELD_U32, FIELD_SECRET, 0, "password that the module wants" },
	[4] = CHOICE_LONG("status", 0, "how far it is", progress),
	[5] = { "status_msg", FIELD_TEXT, 0, 0, "the same in words" },
	[6] = DONE("done", "that are written"),
	[7] = DONE("total", "that are to be written"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_module_fw_flash, "module_fw_flash", "new firmware for the module of a device", fields_module_fw_flash);
ETHTOOL_SPOKEN(module_fw_flash, "new firmware for the module of a device", schema_module_fw_flash, .asked = 44, .answers = { 44 }, .acts = true);
