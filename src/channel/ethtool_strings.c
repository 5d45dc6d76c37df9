/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that the kernel and drivers have for bits and statistics, as others ask for them. Source: Documentation/networking/ethtool-netlink.rst of the
 * kernel. */
#include "channel/ethtool.h"
#include "channel/generic.h"

static const struct field fields_string[] = {
	[ETHTOOL_A_STRING_INDEX] = TOLD("index", 0, "number of what it names"),
	[ETHTOOL_A_STRING_VALUE] = { "value", FIELD_TEXT, 0, 0, "the name" },
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_string, "string", "a name", fields_string);

static const struct field fields_strings[] = {
	[ETHTOOL_A_STRINGS_STRING] = { "string", FIELD_RECORD, FIELD_MANY, 0, "a name", .schema = &schema_string },
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_strings, "strings", "names", fields_strings);

static const struct field fields_stringset[] = {
	[ETHTOOL_A_STRINGSET_ID] = TOLD("id", 0, "number of the set"),
	[ETHTOOL_A_STRINGSET_COUNT] = TOLD("count", 0, "how many there are"),
	[ETHTOOL_A_STRINGSET_STRINGS] = { "strings", FIELD_RECORD, 0, 0, "names", .schema = &schema_strings },
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_stringset, "stringset", "a set", fields_stringset);

static const struct field fields_stringsets[] = {
	[ETHTOOL_A_STRINGSETS_STRINGSET] = { "stringset", FIELD_RECORD, FIELD_MANY, 0, "a set", .schema = &schema_stringset },
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_stringsets, "stringsets", "sets", fields_stringsets);

static const struct field fields_strset[] = {
	[ETHTOOL_A_STRSET_HEADER] = READ_DEVICE,
	[ETHTOOL_A_STRSET_STRINGSETS] = { "stringsets", FIELD_RECORD, 0, 0, "sets", .schema = &schema_stringsets },
	[ETHTOOL_A_STRSET_COUNTS_ONLY] = { "counts_only", FIELD_FLAG, 0, 0, "only how many" },
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_strset, "strset", "sets of names", fields_strset);
ETHTOOL_SPOKEN(strset, "sets of names", schema_strset, .asked = ETHTOOL_MSG_STRSET_GET, .answers = { ETHTOOL_MSG_STRSET_GET_REPLY });
