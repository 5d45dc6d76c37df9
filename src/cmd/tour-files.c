/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stations of files: procfs, sysctl, sysfs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "cmd/tour.h"
#include "show/user.h"

/* ---- procfs ---- */

static void say_variables(struct tour *tour)
{
	struct utsname name;
	const char *const files[] = { "sysctl/kernel/ostype", "sysctl/kernel/osrelease", "sysctl/kernel/version" };
	const char *const others[] = { name.sysname, name.release, name.version };

	tour_say(tour, variable, COLUMN_file, COLUMN_value, COLUMN_other);
	uname(&name);
	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++) {
		tour_row(tour);
		tour_text(tour, files[i]);
		tour_shown(tour, tour_get(tour, files[i]));
		tour_text(tour, others[i]);
	}
}

static void say_process(struct tour *tour)
{
	static const char *const parts[] = { "comm", "status/PPid", "status/Threads", "stat/minflt", "status/VmRSS" };
	char address[64];

	tour_say(tour, process, COLUMN_file, COLUMN_value);
	snprintf(address, sizeof(address), "procfs/%d", (int)getpid());
	tour_row(tour);
	tour_text(tour, "files in it");
	tour_printf(tour, "%llu", (unsigned long long)tour_count_items(tour, address, 0));
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(address, sizeof(address), "procfs/%d/%s", (int)getpid(), parts[i]);
		tour_row(tour);
		tour_text(tour, address);
		tour_shown(tour, tour_get(tour, address));
	}
}

static void say_made(struct tour *tour)
{
	static const char *const paths[] = { "/proc/uptime", "/proc/sys/kernel/random/uuid", "/proc/self/io" };

	tour_say(tour, made, COLUMN_file, COLUMN_size, COLUMN_read, COLUMN_first, COLUMN_second);
	for (unsigned int i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_close_ int file = open(paths[i], O_RDONLY | O_CLOEXEC);
		struct stat status;
		char texts[2][4096];
		ssize_t got = 0;

		if (file < 0 || fstat(file, &status) < 0)
			continue;
		for (unsigned int j = 0; j < 2; j++) {
			usleep(j * 20000);
			got = pread(file, texts[j], sizeof(texts[j]) - 1, 0);
			texts[j][got < 0 ? 0 : got] = '\0';
			texts[j][strcspn(texts[j], "\n")] = '\0';
			texts[j][80] = '\0';
		}
		tour_row(tour);
		tour_text(tour, paths[i]);
		tour_number(tour, (uint64_t)status.st_size);
		tour_number(tour, (uint64_t)(got < 0 ? 0 : got));
		tour_text(tour, texts[0]);
		tour_text(tour, texts[1]);
	}
}

struct modes {
	uint64_t readable, writable, blind, changing;
};

static int count_mode(void *data, const struct ferry_item *item)
{
	struct modes *modes = data;

	if (item->kind != FERRY_ITEM_LEAF)
		return 0;
	modes->readable += (item->mode & 0444) && !(item->mode & 0222);
	modes->writable += (item->mode & 0444) && (item->mode & 0222);
	modes->blind += !(item->mode & 0444);
	modes->changing += item->nature == FERRY_VOLATILE;
	return 0;
}

void tour_procfs(struct tour *tour)
{
	static const char *const folders[] = { "sysctl/kernel", "sysctl/vm", "sysctl/fs", "sysctl/net" };

	say_variables(tour);
	say_process(tour);
	say_made(tour);
	tour_say(tour, modes, COLUMN_folder, COLUMN_readable, COLUMN_writable, COLUMN_blind, COLUMN_changing);
	for (unsigned int i = 0; i < ARRAY_SIZE(folders); i++) {
		struct modes modes = { 0 };

		if (ferry_list(tour->ferry, folders[i], FERRY_READ_RECURSIVE, count_mode, &modes) < 0)
			continue;
		tour_row(tour);
		tour_text(tour, folders[i]);
		tour_number(tour, modes.readable);
		tour_number(tour, modes.writable);
		tour_number(tour, modes.blind);
		tour_number(tour, modes.changing);
	}
	tour_picture(tour, COLUMN_writable);
}

/* ---- sysctl ---- */

#define FORWARD "sysctl/net/ipv4/ip_forward"
static const char forward_path[] = "/proc/sys/net/ipv4/ip_forward";

static void read_file(const char *path, char *ret, size_t size)
{
	_cleanup_close_ int file = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t got = file < 0 ? -1 : read(file, ret, size - 1);

	ret[got < 0 ? 0 : got] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

static void write_work(struct tour *tour)
{
	const int file = open(forward_path, O_WRONLY | O_CLOEXEC);

	*(int *)tour->shared = file < 0 || write(file, "1\n", 2) != 2 ? errno : 0;
}

static void say_step(struct tour *tour, const char *way, const char *before)
{
	char now[64];

	read_file(forward_path, now, sizeof(now));
	tour_row(tour);
	tour_text(tour, way);
	tour_text(tour, before);
	tour_text(tour, now);
}

static void say_forward(struct tour *tour)
{
	struct tour_visitor visitor;
	char before[64];

	tour_say(tour, forward, COLUMN_way, COLUMN_before, COLUMN_after);
	read_file(forward_path, before, sizeof(before));
	say_step(tour, "reading the file", before);
	say_step(tour, "reading by ferry", tour_get(tour, FORWARD));
	if (tour_visitor_start(tour, write_work, &visitor) == 0) {
		while (tour_visitor_go(&visitor))
			;
		tour_visitor_end(&visitor);
		say_step(tour, "echo 1 > /proc/sys/net/ipv4/ip_forward", before);
		if (*(int *)tour->shared)
			tour_missing(tour, "%s: %s", forward_path, strerrordesc_np(*(int *)tour->shared));
	}
	tour_record(tour);
	read_file(forward_path, before, sizeof(before));
	if (tour_run(tour, (const char *const[]){ "sysctl", "-q", "-w", "net.ipv4.ip_forward=0", NULL }, NULL) == EXIT_NO_PROGRAM)
		tour_missing_phrase(tour, PHRASE_not_installed, "sysctl(8)");
	else
		say_step(tour, "sysctl -w net.ipv4.ip_forward=0", before);
	read_file(forward_path, before, sizeof(before));
	if (ferry_set(tour->ferry, (const char *const[]){ FORWARD "=1", NULL }, 0, NULL, NULL) < 0)
		tour_missing(tour, "%s", ferry_error(tour->ferry));
	say_step(tour, "ferry set net.ipv4.ip_forward=1", before);
	tour_record(tour);
}

static void say_batch(struct tour *tour)
{
	static const char file[] =
		"# of the tour\nnet.ipv4.conf.lo.log_martians = 1\nnet.ipv4.ip_default_ttl = 77\nnet.ipv4.tcp_keepalive_time = 600\n";
	const struct ferry_apply_options options = {
		.size = sizeof(options), .document = "tour.conf", .state = tour->folder, .function = tour_tell_change, .data = tour
	};
	struct ferry_apply_result result = { .size = sizeof(result) };
	int r;

	tour_say(tour, batch, COLUMN_address, COLUMN_before, COLUMN_after);
	r = ferry_apply(tour->ferry, file, strlen(file), &options, &result);
	if (r < 0)
		tour_missing(tour, "%s", ferry_error(tour->ferry));
	tour_record(tour);
}

static int tell_who(void *data, const struct ferry_change *change)
{
	struct tour *tour = data;
	_cleanup_buffer_ struct buffer who = { 0 };
	struct user_names users = { 0 };

	if (!change->address || strncmp(change->address, FORWARD, strlen(FORWARD)))
		return 0;
	user_name(&users, change->actor->uid, &who);
	user_names_done(&users);
	tour_row(tour);
	tour_text(tour, change->address);
	tour_text(tour, change->before);
	tour_text(tour, change->after);
	tour_printf(tour, "%s (pid %u, %s)", change->actor->comm, change->actor->pid, who.data ? who.data : "?");
	tour_text(tour, ferry_door_name(change->door));
	return 0;
}

void tour_sysctl(struct tour *tour)
{
	say_forward(tour);
	say_batch(tour);
	tour_say(tour, who, COLUMN_address, COLUMN_before, COLUMN_after, COLUMN_who, COLUMN_door);
	tour_changes(tour, tell_who, tour);
}

/* ---- sysfs ---- */

/* Where the link at PATH/NAME leads to; false where there is none. */
static bool follow(const char *path, const char *name, char *ret)
{
	char link[PATH_MAX];

	return snprintf(link, sizeof(link), "%s%s", path, name) < (int)sizeof(link) && realpath(link, ret);
}

/* The first device of CLASS that has a driver. */
static bool find_device(const char *class, char *ret, size_t size)
{
	DIR *folder = opendir(class);
	struct dirent *entry;
	char driver[PATH_MAX];
	bool found = false;

	while (folder && !found && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || snprintf(ret, size, "%s/%s", class, entry->d_name) >= (int)size)
			continue;
		found = follow(ret, "/device/driver", driver);
	}
	if (folder)
		closedir(folder);
	return found;
}

static void say_device(struct tour *tour)
{
	static const char *const classes[] = { "/sys/class/block", "/sys/class/nvme",  "/sys/class/net",
					       "/sys/class/tty",   "/sys/class/input", "/sys/class/rtc" };
	static const char *const links[] = { "", "/device", "/device/subsystem", "/device/driver" };
	char path[256], target[PATH_MAX];
	bool found = false;

	tour_say(tour, device, COLUMN_file, COLUMN_path);
	for (unsigned int i = 0; i < ARRAY_SIZE(classes) && !found; i++)
		found = find_device(classes[i], path, sizeof(path));
	if (!found)
		tour_missing_phrase(tour, PHRASE_no_device, "");
	for (unsigned int i = 0; i < ARRAY_SIZE(links) && found; i++) {
		if (!follow(path, links[i], target))
			continue;
		tour_row(tour);
		tour_printf(tour, "%s%s", path, links[i]);
		tour_text(tour, target);
	}
}

void tour_sysfs(struct tour *tour)
{
	static const char *const folders[] = {
		"block", "bus", "class", "dev", "devices", "firmware", "fs", "hypervisor", "kernel", "module", "power"
	};

	tour_say(tour, tree, COLUMN_folder, COLUMN_entries);
	for (unsigned int i = 0; i < ARRAY_SIZE(folders); i++) {
		char address[64], path[64];

		snprintf(address, sizeof(address), "sysfs/%s", folders[i]);
		snprintf(path, sizeof(path), "/sys/%s", folders[i]);
		tour_row(tour);
		tour_text(tour, path);
		tour_number(tour, tour_count_items(tour, address, 0));
	}
	tour_picture(tour, COLUMN_entries);
	say_device(tour);
	tour_say(tour, attribute, COLUMN_address, COLUMN_before, COLUMN_after);
	tour_set(tour, "sysfs/class/net/lo/tx_queue_len=500");
}
