;; Was granted /f ("granted!") and the directory /d, with a link l to ../../../etc/passwd and a link m to itself. Tries to get further, to
;; change them, and to confuse the host with descriptors and addresses. Says EIO when something works that must not, or does not that must.
(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_readlink" (func $readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (global (export "ig_abi_v1") i32 (i32.const 1))
  (memory (export "memory") 64)
  (global $next (mut i32) (i32.const 4096))
  (global $wrong (mut i32) (i32.const 0))
  (func (export "ig_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get $size)) (i32.const 15)) (i32.const -16))))
  (func (export "ig_init") (param $op i32) (param $table i32) (param $size i32) (result i32) (i32.const 0))
  (func $is (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted)) (then (global.set $wrong (i32.const 29)))))
  ;; Opens a path for reading; the descriptor is at 128.
  (func $path (param $at i32) (param $size i32) (result i32)
    (call $open (i32.const 3) (i32.const 1) (local.get $at) (local.get $size) (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 128)))
  (func (export "ig_batch") (param $op i32) (param $batch i32) (result i32)
    (local $i i32)
    ;; Out: ENOTCAPABLE, by dots, an absolute path, or a link.
    (call $is (call $path (i32.const 16) (i32.const 13)) (i32.const 76)) ;; ../etc/passwd
    (call $is (call $path (i32.const 18) (i32.const 11)) (i32.const 76)) ;; /etc/passwd
    (call $is (call $path (i32.const 19) (i32.const 10)) (i32.const 44)) ;; etc/passwd
    (call $is (call $path (i32.const 32) (i32.const 8)) (i32.const 76))  ;; d/../../
    (call $is (call $path (i32.const 48) (i32.const 3)) (i32.const 76))  ;; d/l
    (call $is (call $path (i32.const 52) (i32.const 3)) (i32.const 32))  ;; d/m: ELOOP
    (call $is (call $path (i32.const 56) (i32.const 3)) (i32.const 28))  ;; a NUL
    (call $is (call $path (i32.const 60) (i32.const 1)) (i32.const 28))  ;; not UTF-8
    (call $is (call $path (i32.const 4096) (i32.const 9000)) (i32.const 37))
    (call $is (call $path (i32.const -4) (i32.const 8)) (i32.const 21))
    ;; To change: EROFS.
    (call $is (call $open (i32.const 3) (i32.const 0) (i32.const 63) (i32.const 1) (i32.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 128)) (i32.const 69))
    (call $is (call $open (i32.const 3) (i32.const 0) (i32.const 63) (i32.const 1) (i32.const 8) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 128)) (i32.const 69))
    (call $is (call $open (i32.const 3) (i32.const 0) (i32.const 19) (i32.const 3) (i32.const 1) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 128)) (i32.const 69))
    (call $is (call $rename (i32.const 3) (i32.const 63) (i32.const 1) (i32.const 3) (i32.const 19) (i32.const 3)) (i32.const 69))
    (call $is (call $unlink (i32.const 3) (i32.const 63) (i32.const 1)) (i32.const 69))
    (call $is (call $symlink (i32.const 18) (i32.const 11) (i32.const 3) (i32.const 19) (i32.const 3)) (i32.const 69))
    (call $is (call $unlink (i32.const 9) (i32.const 63) (i32.const 1)) (i32.const 8))
    ;; The file itself can be read, from the start to the end and no further, and not be written.
    (call $is (call $path (i32.const 63) (i32.const 1)) (i32.const 0))
    (call $is (i32.load (i32.const 128)) (i32.const 4))
    (i32.store (i32.const 136) (i32.const 160))
    (i32.store (i32.const 140) (i32.const 64))
    (call $is (call $read (i32.const 4) (i32.const 136) (i32.const 1) (i32.const 144)) (i32.const 0))
    (call $is (i32.load (i32.const 144)) (i32.const 8))
    (call $is (i32.load8_u (i32.const 160)) (i32.const 103))
    (call $is (call $read (i32.const 4) (i32.const 136) (i32.const 1) (i32.const 144)) (i32.const 0))
    (call $is (i32.load (i32.const 144)) (i32.const 0))
    (call $is (call $write (i32.const 4) (i32.const 136) (i32.const 1) (i32.const 144)) (i32.const 8))
    (call $is (call $pwrite (i32.const 4) (i32.const 136) (i32.const 1) (i64.const 0) (i32.const 144)) (i32.const 8))
    (call $is (call $set_size (i32.const 4) (i64.const 0)) (i32.const 69))
    (call $is (call $seek (i32.const 4) (i64.const -1) (i32.const 0) (i32.const 144)) (i32.const 28))
    (call $is (call $seek (i32.const 4) (i64.const 9223372036854775807) (i32.const 0) (i32.const 144)) (i32.const 28))
    (call $is (call $seek (i32.const 4) (i64.const 0) (i32.const 9) (i32.const 144)) (i32.const 28))
    (call $is (call $pread (i32.const 4) (i32.const 136) (i32.const 1) (i64.const -1) (i32.const 144)) (i32.const 0))
    (call $is (i32.load (i32.const 144)) (i32.const 0))
    (call $is (call $read (i32.const 4) (i32.const -8) (i32.const 1) (i32.const 144)) (i32.const 21))
    (call $is (call $close (i32.const 4)) (i32.const 0))
    (call $is (call $close (i32.const 4)) (i32.const 8))
    ;; Directories: no room, a mad place to go on, addresses outside.
    (call $is (call $readdir (i32.const 3) (i32.const 160) (i32.const 0) (i64.const 0) (i32.const 144)) (i32.const 0))
    (call $is (call $readdir (i32.const 3) (i32.const 160) (i32.const 64) (i64.const -1) (i32.const 144)) (i32.const 0))
    (call $is (i32.load (i32.const 144)) (i32.const 0))
    (call $is (call $readdir (i32.const 3) (i32.const 160) (i32.const -1) (i64.const 0) (i32.const 144)) (i32.const 21))
    (call $is (call $readlink (i32.const 3) (i32.const 48) (i32.const 3) (i32.const -1) (i32.const -1) (i32.const 144)) (i32.const 21))
    (call $is (call $stat (i32.const 3) (i32.const 1) (i32.const 63) (i32.const 1) (i32.const -1)) (i32.const 21))
    ;; As many descriptors as it gets: EMFILE at 256, and room again when they are closed.
    (loop $more
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.eqz (call $path (i32.const 63) (i32.const 1)))))
    (call $is (local.get $i) (i32.const 256))
    (call $is (call $path (i32.const 63) (i32.const 1)) (i32.const 33))
    (local.set $i (i32.const 4))
    (loop $less
      (call $is (call $close (local.get $i)) (i32.const 0))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $less (i32.lt_u (local.get $i) (i32.const 259))))
    (global.get $wrong))
  (data (i32.const 16) "../etc/passwd")
  (data (i32.const 32) "d/../../")
  (data (i32.const 48) "d/l")
  (data (i32.const 52) "d/m")
  (data (i32.const 56) "d\00f")
  (data (i32.const 60) "\ff")
  (data (i32.const 63) "f"))
