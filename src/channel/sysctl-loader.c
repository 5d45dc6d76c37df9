/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who loads the sysctl files at boot. The files tell, so that another machine's root tells as much as the live machine. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "channel/sysctl-files.h"
#include "wire/file.h"

#define UNIT "systemd-sysctl.service"

/* From this version on a pattern behind "-" excludes what it matches; before, it excluded nothing. */
#define PROCPS_MAJOR 4
#define PROCPS_MINOR 0
#define PROCPS_PATCH 5

static bool is_there(struct machine *machine, const char *path)
{
	_cleanup_close_ int descriptor = file_open(machine->root_descriptor, path, O_PATH);

	return descriptor >= 0;
}

static const char *first_of(struct machine *machine, const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_there(machine, paths[i]))
			return paths[i];
	return NULL;
}

/* Whether NAME in FOLDER is a link whose target ends in END. */
static bool links_to(struct machine *machine, const char *folder, const char *name, const char *end)
{
	_cleanup_close_ int directory = file_open(machine->root_descriptor, folder, O_PATH | O_DIRECTORY);
	_cleanup_buffer_ struct buffer target = { 0 };
	size_t length = strlen(end);

	return directory >= 0 && file_link(directory, name, &target) == 0 && target.length >= length &&
	       !strcmp(target.data + target.length - length, end);
}

static bool systemd_loads(struct machine *machine, struct buffer *ret_why)
{
	static const char *const programs[] = { "/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl" };
	static const char *const masks[] = { "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system" };
	const char *program = first_of(machine, programs, ARRAY_SIZE(programs));
	bool running = is_there(machine, "/run/systemd/system"), installed = links_to(machine, "/sbin", "init", "/systemd");

	if (!running && !installed) {
		buffer_add_text(ret_why, "systemd does not boot this machine (no /run/systemd/system, /sbin/init is not systemd)");
		return false;
	}
	if (!program) {
		buffer_add_text(ret_why, "systemd-sysctl is not installed");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++)
		if (links_to(machine, masks[i], UNIT, "/dev/null")) {
			buffer_printf(ret_why, "%s/" UNIT " masks systemd-sysctl", masks[i]);
			return false;
		}
	buffer_printf(ret_why, "%s, and %s is there", running ? "/run/systemd/system is there" : "/sbin/init is systemd", program);
	return true;
}

/* The version that procps's program carries in it ("procps-ng 4.0.2"), or "". */
static int procps_version(struct machine *machine, struct buffer *ret)
{
	static const char *const programs[] = { "/usr/sbin/sysctl", "/sbin/sysctl", "/usr/bin/sysctl", "/bin/sysctl" };
	static const char mark[] = "procps-ng ";
	const char *path = first_of(machine, programs, ARRAY_SIZE(programs));
	_cleanup_close_ int descriptor = path ? file_open(machine->root_descriptor, path, O_RDONLY) : -ENOENT;
	_cleanup_buffer_ struct buffer program = { 0 };
	const char *at, *end;
	struct stat status;

	if (descriptor < 0 || fstat(descriptor, &status) || !S_ISREG(status.st_mode))
		return 0;
	if (file_read(descriptor, 0, 0, &program) == -ENOMEM)
		return -ENOMEM;
	for (at = program.data, end = at + program.length; at && at < end; at += sizeof(mark) - 1) {
		at = memmem(at, (size_t)(end - at), mark, sizeof(mark) - 1);
		if (!at)
			break;
		if (at[sizeof(mark) - 1] >= '0' && at[sizeof(mark) - 1] <= '9') {
			at += sizeof(mark) - 1;
			buffer_add(ret, at, strspn(at, "0123456789."));
			break;
		}
	}
	return ret->failed ? -ENOMEM : 0;
}

static bool is_old(const char *version)
{
	static const unsigned long since[] = { PROCPS_MAJOR, PROCPS_MINOR, PROCPS_PATCH };

	for (size_t i = 0; i < ARRAY_SIZE(since); i++) {
		char *end;
		unsigned long number = strtoul(version, &end, 10);

		if (number != since[i])
			return number < since[i];
		version = *end == '.' ? end + 1 : end;
	}
	return false;
}

static int procps(struct machine *machine, enum ferry_loader *ret, struct buffer *ret_why)
{
	_cleanup_buffer_ struct buffer version = { 0 };
	int r = procps_version(machine, &version);

	if (r < 0)
		return r;
	*ret = version.length && is_old(version.data) ? FERRY_LOADER_PROCPS_OLD : FERRY_LOADER_PROCPS_NEW;
	if (version.length)
		buffer_printf(ret_why, "the sysctl that is installed is procps-ng %s", version.data);
	else
		buffer_add_text(ret_why, "no sysctl of procps is installed: as its newest version would");
	return ret_why->failed ? -ENOMEM : 0;
}

int sysctl_loader(struct machine *machine, enum ferry_loader wanted, enum ferry_loader *ret, struct buffer *ret_why)
{
	if (wanted == FERRY_LOADER_BOOT) {
		if (systemd_loads(machine, ret_why)) {
			*ret = FERRY_LOADER_SYSTEMD;
			return ret_why->failed ? -ENOMEM : 0;
		}
		buffer_add_text(ret_why, "; ");
		return procps(machine, ret, ret_why);
	}
	if (wanted == FERRY_LOADER_PROCPS)
		return procps(machine, ret, ret_why);
	*ret = wanted;
	buffer_add_text(ret_why, "asked for");
	return ret_why->failed ? -ENOMEM : 0;
}

int sysctl_loader_other(struct machine *machine, enum ferry_loader loader, enum ferry_loader *ret)
{
	_cleanup_buffer_ struct buffer why = { 0 };

	if (loader == FERRY_LOADER_SYSTEMD)
		return procps(machine, ret, &why);
	*ret = FERRY_LOADER_SYSTEMD;
	return 0;
}
