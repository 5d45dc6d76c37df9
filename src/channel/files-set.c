/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing a file: everything that can be refused is refused before the write, and what stands there afterwards is read, not assumed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "channel/files.h"
#include "channel/nature.h"
#include "channel/setting.h"

struct file_setting {
	struct setting setting;
	const struct file_tree *tree;
	const struct nature *nature;
	char *path;            /* "/proc/sys/vm/swappiness" */
	struct buffer wanted;  /* without a newline at its end */
	struct buffer old;     /* as the file gave it */
	struct buffer present; /* the same after the write */
	bool readable, old_known;
	mode_t mode;
};

static struct file_setting *file_of(struct setting *setting)
{
	return (struct file_setting *)setting;
}

static const char *text_of(const struct buffer *buffer)
{
	return buffer->data ? buffer->data : "";
}

static const char *address_of(const struct file_setting *file)
{
	return file->setting.address.data;
}

static struct error *error_of(const struct file_setting *file)
{
	return &file->setting.machine->error;
}

static bool same(const struct buffer *a, const struct buffer *b)
{
	return file_value_same(text_of(a), a->length, text_of(b), b->length);
}

/* ---- Checks ---- */

/* The word of a text form value that is no text: what a person means by null or true is that very word. */
static int take_wanted(struct file_setting *file, const struct value *value, unsigned int flags)
{
	switch (value->type) {
	case VALUE_BOOL:
		buffer_add_text(&file->wanted, value->boolean ? "1" : "0");
		break;
	case VALUE_INT:
		buffer_add_int(&file->wanted, value->integer);
		break;
	case VALUE_UINT:
		buffer_add_uint(&file->wanted, value->number);
		break;
	case VALUE_TEXT:
		buffer_add(&file->wanted, value->bytes.data, content_length(value->bytes.data, value->bytes.length));
		break;
	default:
		return error_set(error_of(file), -EINVAL, "%s: a file takes a number or a text", address_of(file));
	}
	if (file->wanted.failed)
		return error_set(error_of(file), -ENOMEM, "%s: no memory for the value", address_of(file));
	if (file->wanted.length && memchr(file->wanted.data, '\0', file->wanted.length))
		return error_set(error_of(file), -EINVAL, "%s: a value holds no NUL byte", address_of(file));
	/* The kernel would take what stands before it and forget the rest. */
	if (file->tree == &file_tree_sysctl && !(flags & SETTING_COMPARE) && file->wanted.length &&
	    memchr(file->wanted.data, '\n', file->wanted.length))
		return error_set(error_of(file), -EINVAL, "%s: the value of a key is one line", address_of(file));
	return 0;
}

static int check_nature(struct file_setting *file, unsigned int flags)
{
	const struct nature *nature = file->nature;
	const char *yes = flags & SETTING_STRICT ? " (--yes does it)" : "";

	if (flags & SETTING_YES)
		return 0;
	if (!nature && !file->readable)
		return error_set(error_of(file), -EOPNOTSUPP, "%s can only be written: what that does cannot be read, nor taken back%s",
				 address_of(file), yes);
	if (!nature)
		return 0;
	if (nature->nature == FERRY_ACTION)
		return error_set(error_of(file), -EOPNOTSUPP, "%s is an action, not a setting: %s%s", address_of(file), nature_help(nature), yes);
	if (nature->nature == FERRY_LATCH && (!nature_other(nature) || file_value_same(text_of(&file->wanted), file->wanted.length,
										       nature_other(nature), strlen(nature_other(nature)))))
		return error_set(error_of(file), -EOPNOTSUPP, "%s could not be taken back: %s%s", address_of(file), nature_help(nature), yes);
	return 0;
}

/* What to do about a refusal, where that is known. */
static const char *advice(const struct file_setting *file, int code)
{
	switch (code) {
	case -EROFS:
		return "; it is mounted read-only here, as in a container";
	case -EACCES:
	case -EPERM:
		return geteuid() ? "; that needs root" : "; a capability is missing, or the kernel allows it nobody";
	case -EINVAL:
		if (file->nature && file->nature->nature == FERRY_TWIN && file->wanted.length == 1 && *file->wanted.data == '0')
			return "; 0 only says that its twin counts: set that one";
		return "";
	default:
		return "";
	}
}

/* That it is there, and a value. */
static int check_file(struct file_setting *file)
{
	_cleanup_close_ int descriptor = file_open(-1, file->path, O_PATH);
	struct error *error = error_of(file);
	struct stat status;

	if (descriptor < 0)
		return error_set(error, descriptor == -ENOTDIR || descriptor == -ENAMETOOLONG ? -ENOENT : descriptor, "%s: %s", file->path,
				 error_text(descriptor));
	if (fstat(descriptor, &status))
		return error_set(error, -errno, "%s: %s", file->path, error_text(errno));
	if (S_ISDIR(status.st_mode))
		return error_set(error, -EISDIR, "%s is a folder, not a value", address_of(file));
	if (!S_ISREG(status.st_mode))
		return error_set(error, -EINVAL, "%s is no value", address_of(file));
	file->mode = status.st_mode;
	file->readable = status.st_mode & 0444;
	return 0;
}

/* That it can be written, and by us, where something is to be written. A user who asks for it hears of what never could be, in any case. */
static int check_right(const struct file_setting *file, unsigned int flags)
{
	if (flags & SETTING_COMPARE)
		return 0;
	if (!(file->mode & 0222) && !(flags & SETTING_STANDING && file->setting.stands))
		return error_set(error_of(file), -EACCES, "%s is for reading only (mode %04o)", address_of(file), file->mode & 07777);
	if (file->setting.stands || flags & SETTING_PLAN || !faccessat(AT_FDCWD, file->path, W_OK, AT_EACCESS))
		return 0;
	return error_set(error_of(file), -errno, "%s: %s%s", address_of(file), error_text(errno), advice(file, -errno));
}

/* The words that a sysfs choice offers; all that can be said before the kernel is asked. A scheduler may be a module that is loaded by its name. */
static int check_choice(struct file_setting *file)
{
	_cleanup_buffer_ struct buffer words = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct content content;
	const char *name = strrchr(address_of(file), '/');
	bool allowed = false;

	if (!file->tree->choices || !file->old.length || (name && !strcmp(name, "/scheduler")))
		return 0;
	if (content_value(file->old.data, file->old.length, true, &arena, &content) < 0 || !content.field)
		return 0;
	for (uint32_t i = 0; i < content.field->names->count; i++) {
		const char *word = content.field->names->list[i].text;

		allowed |= file_value_same(text_of(&file->wanted), file->wanted.length, word, strlen(word));
		buffer_printf(&words, "%s%s", i ? ", " : "", word);
	}
	if (allowed)
		return 0;
	return error_set(error_of(file), -EINVAL, "%s takes one of: %s", address_of(file), words.failed ? "" : words.data);
}

static bool all_of(const struct buffer *buffer, const char *characters)
{
	for (size_t i = 0; i < buffer->length; i++)
		if (!buffer->data[i] || !strchr(characters, buffer->data[i]))
			return false;
	return true;
}

/* A key of numbers takes numbers: decimal, 0x..., or the hexadecimal groups of a mask. Which of them, and how large, the kernel alone knows. */
static int check_numbers(const struct file_setting *file)
{
	if (file->tree != &file_tree_sysctl || !file->old.length || !all_of(&file->old, "0123456789- \t\n"))
		return 0;
	if (all_of(&file->wanted, "0123456789abcdefABCDEFxX+-, \t"))
		return 0;
	return error_set(error_of(file), -EINVAL, "%s holds numbers: \"%.64s\" is none", address_of(file), text_of(&file->wanted));
}

/* ---- Writing ---- */

static int write_once(const char *path, const struct buffer *value)
{
	_cleanup_buffer_ struct buffer line = { 0 };
	_cleanup_close_ int descriptor = file_open(-1, path, O_WRONLY);

	if (descriptor < 0)
		return descriptor;
	/* With a newline, as echo(1) and sysctl(8) write: some attributes want it, and without one an empty value would be no write at all. */
	buffer_add(&line, value->data, value->length);
	buffer_add_char(&line, '\n');
	return line.failed ? -ENOMEM : file_write(descriptor, line.data, line.length);
}

/* A choice compares by its word; what the kernel writes in another way is what it means. */
static bool holds(const struct file_setting *file, const struct buffer *content)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct content typed;

	if (same(&file->wanted, content) || file_numbers_same(text_of(&file->wanted), file->wanted.length, text_of(content), content->length))
		return true;
	if (!file->tree->choices || content_value(text_of(content), content->length, true, &arena, &typed) < 0)
		return false;
	return typed.field && file_value_same(typed.value.bytes.data, typed.value.bytes.length, text_of(&file->wanted), file->wanted.length);
}

static bool is_secret(const struct file_setting *file)
{
	return file->nature && file->nature->flags & NATURE_SECRET;
}

static int put_back(struct file_setting *file)
{
	_cleanup_buffer_ struct buffer old = { 0 };

	buffer_add(&old, text_of(&file->old), content_length(text_of(&file->old), file->old.length));
	return old.failed ? -ENOMEM : write_once(file->path, &old);
}

/* After a refusal: a value of several parts may stand half changed. */
static int refuse(struct file_setting *file, int code, bool known)
{
	const char *half = "";

	if (known && !same(&file->present, &file->old))
		half = put_back(file) == 0 ? "; half of it had been taken, and the value before was put back"
					   : "; half of it was taken, and the value before could not be put back";
	return error_set(error_of(file), code, "%s: the kernel refused the value: %s (%s)%s%s", address_of(file), error_symbol(code),
			 error_text(code), advice(file, code), half);
}

/* The JSON of a content, NULL where it is not known or memory ran out. */
static char *json_of(const struct file_setting *file, const struct buffer *content)
{
	_cleanup_buffer_ struct buffer json = { 0 };

	if (is_secret(file))
		buffer_add_text(&json, "\"(secret)\"");
	else
		file_value_json(&json, text_of(content), content->length, file->tree->choices);
	return buffer_take(&json);
}

static int tell(struct file_setting *file, const struct buffer *content, char **ret)
{
	char *json;

	if (!file->readable) {
		free(*ret);
		*ret = NULL;
		return 0;
	}
	json = json_of(file, content);
	if (!json)
		return error_set(error_of(file), -ENOMEM, "%s: no memory for the value", address_of(file));
	free(*ret);
	*ret = json;
	return 0;
}

static bool is_slow(const struct file_setting *file)
{
	return file->nature && file->nature->flags & NATURE_SLOW;
}

static int write_file(struct setting *setting)
{
	struct file_setting *file = file_of(setting);
	bool readable = file->readable && !is_slow(file);
	int r = write_once(file->path, &file->wanted), read_back;

	buffer_clear(&file->present);
	read_back = readable ? file_read_address(setting->machine, address_of(file), &file->present) : -EACCES;
	/* Some files take a value and count just a part of its bytes: what stands there decides. */
	if (r == -EIO && !read_back && holds(file, &file->present))
		r = 0;
	if (r < 0)
		return refuse(file, r, file->old_known && !read_back);
	if (read_back < 0) {
		file->readable = false;
		setting->unreadable = true;
	}
	setting->otherwise =
		file->readable && !is_secret(file) && !holds(file, &file->present) && (!file->nature || file->nature->nature != FERRY_ACTION);
	return tell(file, &file->present, &setting->after);
}

static int revert_file(struct setting *setting)
{
	struct file_setting *file = file_of(setting);
	int r;

	if (!file->old_known)
		return error_set(error_of(file), -EOPNOTSUPP, "%s: what it held before is not known", address_of(file));
	if (file->nature && file->nature->nature == FERRY_ACTION)
		return error_set(error_of(file), -EOPNOTSUPP, "%s is an action, and was done", address_of(file));
	r = put_back(file);
	return r < 0 ? error_set(error_of(file), r, "%s: %s", address_of(file), error_text(r)) : 0;
}

static int now_file(struct setting *setting, char **ret)
{
	struct file_setting *file = file_of(setting);
	char *json = NULL;
	int r = tell(file, setting->stands ? &file->old : &file->present, &json);

	if (r == 0 && !json)
		json = strdup("null");
	if (!json)
		return r < 0 ? r : error_set(error_of(file), -ENOMEM, "%s: no memory for the value", address_of(file));
	*ret = json;
	return 0;
}

static void free_file(struct setting *setting)
{
	struct file_setting *file = file_of(setting);

	free(file->path);
	buffer_done(&file->wanted);
	buffer_done(&file->old);
	buffer_done(&file->present);
}

static const struct setting_kind kind_file = { .write = write_file, .revert = revert_file, .now = now_file, .free = free_file };

/* ---- Preparing ---- */

static int look(struct file_setting *file)
{
	struct setting *setting = &file->setting;
	bool action = file->nature && file->nature->nature == FERRY_ACTION;
	int r;

	setting->unreadable = !file->readable;
	file->old_known = file->readable && !is_slow(file) && !file_read_address(setting->machine, address_of(file), &file->old);
	if (!file->old_known) {
		/* What cannot be read is written, whatever it holds. */
		setting->unreadable = true;
		setting->after = json_of(file, &file->wanted);
		return setting->after ? 0 : error_set(error_of(file), -ENOMEM, "%s: no memory for the value", address_of(file));
	}
	r = check_choice(file);
	if (r >= 0)
		r = check_numbers(file);
	if (r >= 0)
		r = tell(file, &file->old, &setting->before);
	if (r < 0)
		return r;
	setting->stands = !action && holds(file, &file->old);
	return tell(file, setting->stands ? &file->old : &file->wanted, &setting->after);
}

static int prepare(struct file_setting *file, const struct value *value, unsigned int flags)
{
	int r;

	if (!value)
		return error_set(error_of(file), -EOPNOTSUPP, "%s: a file cannot be removed", address_of(file));
	r = take_wanted(file, value, flags);
	/* Undo says first what could never be taken back. */
	if (r >= 0 && file->nature && !(flags & SETTING_STRICT))
		r = check_nature(file, flags);
	if (r >= 0)
		r = check_file(file);
	if (r >= 0)
		r = check_nature(file, flags);
	if (r >= 0)
		r = look(file);
	return r < 0 ? r : check_right(file, flags);
}

int files_prepare(const struct file_tree *tree, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		  struct setting **ret)
{
	_cleanup_buffer_ struct buffer address = { 0 }, full = { 0 };
	struct file_setting *file = calloc(1, sizeof(*file));
	int r;

	if (!file)
		return error_set(&machine->error, -ENOMEM, "no memory for a value");
	file->setting = (struct setting){ .kind = &kind_file, .machine = machine, .change = FERRY_CHANGED };
	file->tree = tree;
	buffer_printf(&address, "%s/%s", tree->channel, path);
	buffer_printf(&full, "%s/%s", tree->path, path);
	file->path = full.failed ? NULL : strdup(full.data);
	if (!file->path || address.failed || file_canonical_address(machine, address.data, &file->setting.address) < 0 ||
	    file->setting.address.failed) {
		r = error_set(&machine->error, -ENOMEM, "no memory for the address");
	} else {
		file->nature = nature_of(address_of(file));
		r = prepare(file, value, flags);
	}
	if (r < 0) {
		setting_free(&file->setting);
		return r;
	}
	*ret = &file->setting;
	return 0;
}
