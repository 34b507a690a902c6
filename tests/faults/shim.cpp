// SPDX-License-Identifier: MIT
// A library to preload: the n-th call of one function fails, or reads and writes come in pieces.
// FUNNEL_FAULT=CALL:N[:ERRNO[:from]]: call number N fails (with `from` all later ones as well); CALL is
// malloc, read, write, fsync, rename, open, close, thread, pread or pwrite. FUNNEL_FAULT=pieces: reads and
// writes move a few bytes at a time and are interrupted now and then. FUNNEL_FAULT=CALL:0: nothing fails. At
// the end the number of calls goes to the file that FUNNEL_FAULT_COUNT names. Calls before main are not
// counted. FUNNEL_CALL_ORDER names a file that gets a letter for each write, fsync and rename, without
// repeats. FUNNEL_CLOCK=SECONDS: what the clock on the wall shows.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

enum Call {
    none,
    call_malloc,
    call_read,
    call_write,
    call_fsync,
    call_rename,
    call_open,
    call_close,
    call_thread,
    call_pread,
    call_pwrite
};

Call chosen = none;
long number = 0;
int error_number = EIO;
bool all_later = false, pieces = false;
char order[256] = {};
const char* clock_text = nullptr;
std::atomic<bool> counting{false};
std::atomic<long> calls{0}, interruptions{0};

/// The next definition of a symbol after this library.
template <typename Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool fails(Call call) {
    if (call != chosen || !counting.load(std::memory_order_relaxed)) return false;
    const long at = calls.fetch_add(1) + 1;
    if (number == 0 || (all_later ? at < number : at != number)) return false;
    errno = call == call_malloc ? ENOMEM : error_number;
    return true;
}

/// Every third call is interrupted, the others move at most 97 bytes.
bool interrupted() {
    if (!pieces || !counting.load(std::memory_order_relaxed) || interruptions.fetch_add(1) % 3 != 2)
        return false;
    errno = EINTR;
    return true;
}

std::size_t piece(std::size_t size) {
    return pieces && counting.load(std::memory_order_relaxed) && size > 97 ? 97 : size;
}

void read_settings() {
    clock_text = std::getenv("FUNNEL_CLOCK");
    const char* text = std::getenv("FUNNEL_FAULT");
    if (text == nullptr) return;
    if (std::strcmp(text, "pieces") == 0) {
        pieces = true;
        return;
    }
    char name[16] = {}, tail[8] = {};
    std::sscanf(text, "%15[a-z]:%ld:%d:%7s", name, &number, &error_number, tail);
    const char* names[] = {"",     "malloc", "read",   "write", "fsync", "rename",
                           "open", "close",  "thread", "pread", "pwrite"};
    for (int i = 1; i <= call_pwrite; ++i) {
        if (std::strcmp(name, names[i]) == 0) chosen = static_cast<Call>(i);
    }
    all_later = std::strcmp(tail, "from") == 0;
}

/// One thread writes the files of a run.
void note(char letter) {
    if (!counting.load(std::memory_order_relaxed)) return;
    const std::size_t size = std::strlen(order);
    if (size + 1 < sizeof order && (size == 0 || order[size - 1] != letter)) order[size] = letter;
}

void write_text(const char* variable, const char* text) {
    const char* path = std::getenv(variable);
    if (path == nullptr) return;
    if (std::FILE* file = std::fopen(path, "w")) {
        std::fputs(text, file);
        std::fclose(file);
    }
}

using Main = int(int, char**, char**);
Main* real_main = nullptr;

int counted_main(int argc, char** argv, char** environment) {
    read_settings();
    counting = true;
    const int code = real_main(argc, argv, environment);
    counting = false;
    char text[32];
    std::snprintf(text, sizeof text, "%ld", calls.load());
    write_text("FUNNEL_FAULT_COUNT", text);
    write_text("FUNNEL_CALL_ORDER", order);
    return code;
}

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t size);

int __libc_start_main(Main* main, int argc, char** argv, void (*init)(), void (*fini)(), void (*rtld_fini)(),
                      void* stack_end) {
    real_main = main;
    using Start = int(Main*, int, char**, void (*)(), void (*)(), void (*)(), void*);
    return real<Start>("__libc_start_main")(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

void* malloc(std::size_t size) {
    return fails(call_malloc) ? nullptr : __libc_malloc(size);
}

ssize_t read(int fd, void* to, std::size_t size) {
    static auto* const call = real<ssize_t(int, void*, std::size_t)>("read");
    return fails(call_read) || interrupted() ? -1 : call(fd, to, piece(size));
}

ssize_t write(int fd, const void* from, std::size_t size) {
    static auto* const call = real<ssize_t(int, const void*, std::size_t)>("write");
    note('w');
    return fails(call_write) || interrupted() ? -1 : call(fd, from, piece(size));
}

/// What std::cout calls for a long text; a write of the first part is a short one.
ssize_t writev(int fd, const iovec* parts, int count) {
    while (count > 1 && parts->iov_len == 0) {
        ++parts;
        --count;
    }
    return write(fd, parts->iov_base, parts->iov_len);
}

ssize_t pread(int fd, void* to, std::size_t size, off_t at) {
    static auto* const call = real<ssize_t(int, void*, std::size_t, off_t)>("pread");
    return fails(call_pread) || interrupted() ? -1 : call(fd, to, piece(size), at);
}

ssize_t pwrite(int fd, const void* from, std::size_t size, off_t at) {
    static auto* const call = real<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
    return fails(call_pwrite) || interrupted() ? -1 : call(fd, from, piece(size), at);
}

int fsync(int fd) {
    static auto* const call = real<int(int)>("fsync");
    note('s');
    return fails(call_fsync) || interrupted() ? -1 : call(fd);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
    static auto* const call = real<int(int, const char*, int, const char*)>("renameat");
    note('r');
    return fails(call_rename) ? -1 : call(from_folder, from, to_folder, to);
}

int open(const char* path, int flags, ...) {
    static auto* const call = real<int(const char*, int, ...)>("open");
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return fails(call_open) || interrupted() ? -1 : call(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
    static auto* const call = real<int(int, const char*, int, ...)>("openat");
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return fails(call_open) || interrupted() ? -1 : call(folder, path, flags, mode);
}

int close(int fd) {
    static auto* const call = real<int(int)>("close");
    const int result = call(fd);  // a failed close has closed all the same
    return fails(call_close) ? -1 : result;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
    using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static auto* const call = real<Create>("pthread_create");
    return fails(call_thread) ? EAGAIN : call(thread, attributes, run, argument);
}

int clock_gettime(clockid_t clock, timespec* to) noexcept {
    static auto* const call = real<int(clockid_t, timespec*)>("clock_gettime");
    if (clock_text == nullptr || clock != CLOCK_REALTIME) return call(clock, to);
    *to = {.tv_sec = std::atol(clock_text), .tv_nsec = 0};
    return 0;
}

time_t time(time_t* to) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (to != nullptr) *to = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(timeval* to, void*) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    *to = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

}  // extern "C"
