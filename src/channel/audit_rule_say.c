/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words of the audit, and the text of a rule as "auditctl -l" prints it, but for the kind of a file, which has a word here, and the operator of an
 * "exe", of which auditctl says "=" whatever it is. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "channel/audit.h"
#include "channel/words.h"

/* Newer than some headers. */
#define URING_EXIT 7
#define SIXTY_FOUR UINT32_C(0x80000000) /* __AUDIT_ARCH_64BIT */

SHARED_NAMES(audit_lists, false, { AUDIT_FILTER_USER, "user" }, { AUDIT_FILTER_TASK, "task" }, { AUDIT_FILTER_EXIT, "exit" },
	     { AUDIT_FILTER_EXCLUDE, "exclude" }, { AUDIT_FILTER_FS, "filesystem" }, { URING_EXIT, "io_uring" });
SHARED_NAMES(audit_actions, false, { AUDIT_NEVER, "never" }, { AUDIT_POSSIBLE, "possible" }, { AUDIT_ALWAYS, "always" });
SHARED_NAMES(audit_operators, false, { AUDIT_EQUAL, "=" }, { AUDIT_NOT_EQUAL, "!=" }, { AUDIT_GREATER_THAN, ">" },
	     { AUDIT_GREATER_THAN_OR_EQUAL, ">=" }, { AUDIT_LESS_THAN, "<" }, { AUDIT_LESS_THAN_OR_EQUAL, "<=" }, { AUDIT_BIT_MASK, "&" },
	     { AUDIT_BIT_TEST, "&=" });
SHARED_NAMES(audit_fields, false, { AUDIT_PID, "pid" }, { AUDIT_UID, "uid" }, { AUDIT_EUID, "euid" }, { AUDIT_SUID, "suid" },
	     { AUDIT_FSUID, "fsuid" }, { AUDIT_GID, "gid" }, { AUDIT_EGID, "egid" }, { AUDIT_SGID, "sgid" }, { AUDIT_FSGID, "fsgid" },
	     { AUDIT_LOGINUID, "auid" }, { AUDIT_PERS, "pers" }, { AUDIT_ARCH, "arch" }, { AUDIT_MSGTYPE, "msgtype" },
	     { AUDIT_SUBJ_USER, "subj_user" }, { AUDIT_SUBJ_ROLE, "subj_role" }, { AUDIT_SUBJ_TYPE, "subj_type" }, { AUDIT_SUBJ_SEN, "subj_sen" },
	     { AUDIT_SUBJ_CLR, "subj_clr" }, { AUDIT_PPID, "ppid" }, { AUDIT_OBJ_USER, "obj_user" }, { AUDIT_OBJ_ROLE, "obj_role" },
	     { AUDIT_OBJ_TYPE, "obj_type" }, { AUDIT_OBJ_LEV_LOW, "obj_lev_low" }, { AUDIT_OBJ_LEV_HIGH, "obj_lev_high" },
	     { AUDIT_LOGINUID_SET, "loginuid_set" }, { AUDIT_SESSIONID, "sessionid" }, { AUDIT_FSTYPE, "fstype" }, { AUDIT_DEVMAJOR, "devmajor" },
	     { AUDIT_DEVMINOR, "devminor" }, { AUDIT_INODE, "inode" }, { AUDIT_EXIT, "exit" }, { AUDIT_SUCCESS, "success" }, { AUDIT_WATCH, "path" },
	     { AUDIT_PERM, "perm" }, { AUDIT_DIR, "dir" }, { AUDIT_FILETYPE, "filetype" }, { AUDIT_OBJ_UID, "obj_uid" }, { AUDIT_OBJ_GID, "obj_gid" },
	     { AUDIT_FIELD_COMPARE, "compare" }, { AUDIT_EXE, "exe" }, { AUDIT_SADDR_FAM, "saddr_fam" }, { AUDIT_ARG0, "a0" }, { AUDIT_ARG1, "a1" },
	     { AUDIT_ARG2, "a2" }, { AUDIT_ARG3, "a3" }, { AUDIT_FILTERKEY, "key" });
SHARED_NAMES(audit_architectures, false, { AUDIT_ARCH_X86_64, "x86_64" }, { AUDIT_ARCH_I386, "i386" }, { AUDIT_ARCH_AARCH64, "aarch64" },
	     { AUDIT_ARCH_ARM, "arm" }, { AUDIT_ARCH_RISCV64, "riscv64" }, { AUDIT_ARCH_RISCV32, "riscv32" }, { AUDIT_ARCH_PPC64LE, "ppc64le" },
	     { AUDIT_ARCH_PPC64, "ppc64" }, { AUDIT_ARCH_PPC, "ppc" }, { AUDIT_ARCH_S390X, "s390x" }, { AUDIT_ARCH_S390, "s390" },
	     { UINT32_C(0xc0000102), "loongarch64" });

NAMES(file_types, false, { S_IFSOCK, "socket" }, { S_IFLNK, "link" }, { S_IFREG, "file" }, { S_IFBLK, "block" }, { S_IFDIR, "dir" },
      { S_IFCHR, "character" }, { S_IFIFO, "fifo" });
NAMES(file_systems, false, { 0x64626720, "debugfs" }, { 0x74726163, "tracefs" });
NAMES(comparisons, false, { 1, "uid obj_uid" }, { 2, "gid obj_gid" }, { 3, "euid obj_uid" }, { 4, "egid obj_gid" }, { 5, "auid obj_uid" },
      { 6, "suid obj_uid" }, { 7, "sgid obj_gid" }, { 8, "fsuid obj_uid" }, { 9, "fsgid obj_gid" }, { 10, "uid auid" }, { 11, "uid euid" },
      { 12, "uid fsuid" }, { 13, "uid suid" }, { 14, "auid fsuid" }, { 15, "auid suid" }, { 16, "auid euid" }, { 17, "euid suid" },
      { 18, "euid fsuid" }, { 19, "suid fsuid" }, { 20, "gid egid" }, { 21, "gid fsgid" }, { 22, "gid sgid" }, { 23, "egid fsgid" },
      { 24, "egid sgid" }, { 25, "sgid fsgid" });
NAMES(record_types, false, { 1005, "USER" }, { 1006, "LOGIN" }, { 1100, "USER_AUTH" }, { 1101, "USER_ACCT" }, { 1102, "USER_MGMT" },
      { 1103, "CRED_ACQ" }, { 1104, "CRED_DISP" }, { 1105, "USER_START" }, { 1106, "USER_END" }, { 1107, "USER_AVC" }, { 1108, "USER_CHAUTHTOK" },
      { 1109, "USER_ERR" }, { 1110, "CRED_REFR" }, { 1111, "USYS_CONFIG" }, { 1112, "USER_LOGIN" }, { 1113, "USER_LOGOUT" }, { 1114, "ADD_USER" },
      { 1115, "DEL_USER" }, { 1116, "ADD_GROUP" }, { 1117, "DEL_GROUP" }, { 1118, "DAC_CHECK" }, { 1119, "CHGRP_ID" }, { 1120, "TEST" },
      { 1121, "TRUSTED_APP" }, { 1122, "USER_SELINUX_ERR" }, { 1123, "USER_CMD" }, { 1124, "USER_TTY" }, { 1125, "CHUSER_ID" }, { 1126, "GRP_AUTH" },
      { 1127, "SYSTEM_BOOT" }, { 1128, "SYSTEM_SHUTDOWN" }, { 1129, "SYSTEM_RUNLEVEL" }, { 1130, "SERVICE_START" }, { 1131, "SERVICE_STOP" },
      { 1132, "GRP_MGMT" }, { 1133, "GRP_CHAUTHTOK" }, { 1134, "MAC_CHECK" }, { 1135, "ACCT_LOCK" }, { 1136, "ACCT_UNLOCK" }, { 1137, "USER_DEVICE" },
      { 1138, "SOFTWARE_UPDATE" }, { 1200, "DAEMON_START" }, { 1201, "DAEMON_END" }, { 1202, "DAEMON_ABORT" }, { 1203, "DAEMON_CONFIG" },
      { 1300, "SYSCALL" }, { 1302, "PATH" }, { 1303, "IPC" }, { 1304, "SOCKETCALL" }, { 1305, "CONFIG_CHANGE" }, { 1306, "SOCKADDR" },
      { 1307, "CWD" }, { 1309, "EXECVE" }, { 1311, "IPC_SET_PERM" }, { 1312, "MQ_OPEN" }, { 1313, "MQ_SENDRECV" }, { 1314, "MQ_NOTIFY" },
      { 1315, "MQ_GETSETATTR" }, { 1316, "KERNEL_OTHER" }, { 1317, "FD_PAIR" }, { 1318, "OBJ_PID" }, { 1319, "TTY" }, { 1320, "EOE" },
      { 1321, "BPRM_FCAPS" }, { 1322, "CAPSET" }, { 1323, "MMAP" }, { 1324, "NETFILTER_PKT" }, { 1325, "NETFILTER_CFG" }, { 1326, "SECCOMP" },
      { 1327, "PROCTITLE" }, { 1328, "FEATURE_CHANGE" }, { 1329, "REPLACE" }, { 1330, "KERN_MODULE" }, { 1331, "FANOTIFY" },
      { 1332, "TIME_INJOFFSET" }, { 1333, "TIME_ADJNTPVAL" }, { 1334, "BPF" }, { 1335, "EVENT_LISTENER" }, { 1336, "URINGOP" }, { 1337, "OPENAT2" },
      { 1338, "DM_CTRL" }, { 1339, "DM_EVENT" }, { 1400, "AVC" }, { 1401, "SELINUX_ERR" }, { 1402, "AVC_PATH" }, { 1403, "MAC_POLICY_LOAD" },
      { 1404, "MAC_STATUS" }, { 1405, "MAC_CONFIG_CHANGE" }, { 1406, "MAC_UNLBL_ALLOW" }, { 1407, "MAC_CIPSOV4_ADD" }, { 1408, "MAC_CIPSOV4_DEL" },
      { 1409, "MAC_MAP_ADD" }, { 1410, "MAC_MAP_DEL" }, { 1411, "MAC_IPSEC_ADDSA" }, { 1412, "MAC_IPSEC_DELSA" }, { 1413, "MAC_IPSEC_ADDSPD" },
      { 1414, "MAC_IPSEC_DELSPD" }, { 1415, "MAC_IPSEC_EVENT" }, { 1416, "MAC_UNLBL_STCADD" }, { 1417, "MAC_UNLBL_STCDEL" },
      { 1418, "MAC_CALIPSO_ADD" }, { 1419, "MAC_CALIPSO_DEL" }, { 1700, "ANOM_PROMISCUOUS" }, { 1701, "ANOM_ABEND" }, { 1702, "ANOM_LINK" },
      { 1703, "ANOM_CREAT" }, { 1800, "INTEGRITY_DATA" }, { 1801, "INTEGRITY_METADATA" }, { 1802, "INTEGRITY_STATUS" }, { 1803, "INTEGRITY_HASH" },
      { 1804, "INTEGRITY_PCR" }, { 1805, "INTEGRITY_RULE" }, { 1806, "INTEGRITY_EVM_XATTR" }, { 1807, "INTEGRITY_POLICY_RULE" });

/* ---- Values ---- */

static const char *word_of(const struct names *names, uint64_t value)
{
	for (uint32_t i = 0; i < names->count; i++)
		if (names->list[i].value == value)
			return names->list[i].text;
	return NULL;
}

static void say_permissions(uint32_t value, struct buffer *ret)
{
	static const struct {
		uint32_t bit;
		char letter;
	} letters[] = { { AUDIT_PERM_READ, 'r' }, { AUDIT_PERM_WRITE, 'w' }, { AUDIT_PERM_EXEC, 'x' }, { AUDIT_PERM_ATTR, 'a' } };

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (value & letters[i].bit)
			buffer_add_char(ret, letters[i].letter);
}

/* A result: of a failure the name of its number. */
static void say_result(int32_t value, struct buffer *ret)
{
	const char *symbol = value > INT32_MIN ? strerrorname_np(value < 0 ? -value : value) : NULL;

	if (value && symbol)
		buffer_printf(ret, "%s%s", value < 0 ? "-" : "", symbol);
	else
		buffer_printf(ret, "%" PRId32, value);
}

static void say_word(const struct names *names, uint32_t value, struct buffer *ret)
{
	const char *word = word_of(names, value);

	if (word)
		buffer_add_text(ret, word);
	else
		buffer_printf(ret, "%" PRId32, (int32_t)value);
}

void audit_say_value(const struct audit_condition *condition, struct buffer *ret)
{
	switch (condition->text ? AUDIT_FILTERKEY : condition->field) {
	case AUDIT_FILTERKEY:
		buffer_add(ret, condition->text, condition->text ? strnlen(condition->text, condition->value) : 0);
		return;
	case AUDIT_ARCH:
		if (word_of(&audit_architectures, condition->value))
			say_word(&audit_architectures, condition->value, ret);
		else
			buffer_printf(ret, "0x%" PRIX32, condition->value);
		return;
	case AUDIT_PERM:
		say_permissions(condition->value, ret);
		return;
	case AUDIT_EXIT:
		say_result((int32_t)condition->value, ret);
		return;
	case AUDIT_MSGTYPE:
		say_word(&record_types, condition->value, ret);
		return;
	case AUDIT_FILETYPE:
		say_word(&file_types, condition->value, ret);
		return;
	case AUDIT_FSTYPE:
		say_word(&file_systems, condition->value, ret);
		return;
	case AUDIT_FIELD_COMPARE:
		say_word(&comparisons, condition->value, ret);
		return;
	case AUDIT_INODE:
		buffer_printf(ret, "%" PRIu32, condition->value);
		return;
	case AUDIT_ARG0:
	case AUDIT_ARG1:
	case AUDIT_ARG2:
	case AUDIT_ARG3:
		buffer_printf(ret, "0x%" PRIX32, condition->value);
		return;
	}
	buffer_printf(ret, "%" PRId32, (int32_t)condition->value);
}

/* ---- A rule ---- */

static void add_value(const struct value *value, struct buffer *ret)
{
	if (value && value->type == VALUE_TEXT)
		buffer_add(ret, value->bytes.data, value->bytes.length);
}

static bool is_text(const struct value *value, const char *text)
{
	return value->type == VALUE_TEXT && value->bytes.length == strlen(text) && memcmp(value->bytes.data, text, value->bytes.length) == 0;
}

static const struct value *list_of(const struct record *record, const char *name)
{
	const struct value *list = record_find(record, name);

	return list && list->type == VALUE_LIST ? list : NULL;
}

/* What "-w" makes: a path or folder, what is done to it, keys, and any system call. */
static bool is_watch(const struct record *record)
{
	const struct value *conditions = list_of(record, "conditions"), *calls = list_of(record, "syscalls");
	bool permissions = false;

	for (uint32_t i = 0; conditions && i < conditions->list.count; i++)
		switch (record_number(conditions->list.items[i].record, "field", 0)) {
		case AUDIT_PERM:
			permissions = true;
			break;
		case AUDIT_FILTERKEY:
		case AUDIT_DIR:
		case AUDIT_WATCH:
			break;
		default:
			return false;
		}
	return permissions && calls && calls->list.count == 1 && is_text(&calls->list.items[0], "all");
}

static void say_calls(const struct record *record, struct buffer *ret)
{
	const struct value *calls = list_of(record, "syscalls");

	for (uint32_t i = 0; calls && i < calls->list.count; i++) {
		buffer_add_text(ret, i ? "," : " -S ");
		add_value(&calls->list.items[i], ret);
	}
}

static void say_architecture(const struct record *condition, struct buffer *ret)
{
	const struct value *value = record_find(condition, "value");
	uint64_t number;

	buffer_printf(ret, " -F arch%s", word_of(&audit_operators, record_number(condition, "operator", 0)) ?: "?");
	if (value && value->type == VALUE_TEXT && words_parse(&audit_architectures, value->bytes.data, value->bytes.length, &number) == 0 &&
	    word_of(&audit_architectures, number))
		buffer_add_text(ret, number & SIXTY_FOUR ? "b64" : "b32");
	else
		add_value(value, ret);
}

/* "auid obj_uid": the operator stands between. */
static void say_comparison(const struct value *value, const char *operator, struct buffer * ret)
{
	const char *space = value && value->type == VALUE_TEXT ? memchr(value->bytes.data, ' ', value->bytes.length) : NULL;
	const size_t first = space ? (size_t)(space - (const char *)value->bytes.data) : 0;

	if (!space)
		return;
	buffer_add_text(ret, " -C ");
	buffer_add(ret, value->bytes.data, first);
	buffer_add_text(ret, operator);
	buffer_add(ret, space + 1, value->bytes.length - first - 1);
}

static void say_condition(const struct record *condition, bool watch, struct buffer *ret)
{
	const uint64_t field = record_number(condition, "field", 0);
	const char *operator= word_of(&audit_operators, record_number(condition, "operator", 0)), *name = word_of(&audit_fields, field);

	if (field == AUDIT_FIELD_COMPARE) {
		say_comparison(record_find(condition, "value"), operator? operator: "?", ret);
		return;
	}
	if (watch)
		buffer_add_text(ret, field == AUDIT_PERM ? " -p " : field == AUDIT_FILTERKEY ? " -k " : "-w ");
	else if (name)
		buffer_printf(ret, " -F %s%s", name, operator? operator: "?");
	else
		buffer_printf(ret, " -F f%" PRIu64 "%s", field, operator? operator: "?");
	add_value(record_find(condition, "value"), ret);
}

void audit_say_rule(const struct record *record, struct buffer *ret)
{
	const struct value *conditions = list_of(record, "conditions");
	const char *list = word_of(&audit_lists, record_number(record, "list", 0)),
		   *action = word_of(&audit_actions, record_number(record, "action", 0));
	const bool watch = is_watch(record);

	if (!watch)
		buffer_printf(ret, "-a %s,%s", action ? action : "?", list ? list : "?");
	for (uint32_t i = 0; !watch && conditions && i < conditions->list.count; i++)
		if (record_number(conditions->list.items[i].record, "field", 0) == AUDIT_ARCH)
			say_architecture(conditions->list.items[i].record, ret);
	if (!watch)
		say_calls(record, ret);
	for (uint32_t i = 0; conditions && i < conditions->list.count; i++)
		if (record_number(conditions->list.items[i].record, "field", 0) != AUDIT_ARCH)
			say_condition(conditions->list.items[i].record, watch, ret);
}
