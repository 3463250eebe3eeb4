# Sebelum balasan berangkat: apakah untuk klien ini, dan apakah menjaga ruang pribadi konselor?

guard-stopped = Belum ada yang dikirim. Mohon periksa balasan ini sekali lagi: alasannya tertulis di atasnya.
guard-title = Mohon periksa sebelum berangkat
guard-others = Balasan ini memuat sesuatu dari kotak surat lain. Apakah ini utas yang benar?
guard-here = Anda menulis kepada
guard-there = Ini mirip dengan
guard-why-name = Balasan Anda memuat nama kotak surat ini.
guard-why-code = Balasan Anda memuat kode kasus ini.
guard-why-words = Balasan Anda mengulang kata-kata yang ditulis klien ini:
guard-open = Buka utas itu di tab baru
guard-contacts = Balasan ini menyebut cara menghubungi seseorang di luar kotak surat. Nomor dan akun pribadi tetap pribadi: supaya Anda bisa beristirahat, dan karena di sana tidak ada yang berjaga.
guard-why-phone = Nomor telepon:
guard-why-mail = Alamat email:
guard-why-handle = Akun atau tautan:
guard-reason = Mengapa boleh tertulis di sini?
guard-reason-missing = Pilih satu alasan, atau hapus nomor atau akun itu dari balasan Anda.
guard-reason-office = Ini nomor atau akun milik layanan
guard-reason-help = Ini kantor atau saluran bantuan untuk klien ini
guard-reason-agreed = Klien memintanya, dan ini bukan milik saya
guard-send = Sudah saya periksa: kirim
guard-change = Atau ubah balasan Anda di bawah lalu kirim seperti biasa. Tidak ada yang hilang.

counselor-send-later = Kirim, berangkat { $time }
counselor-leaves-later = Berangkat { $time }, saat layanan bekerja lagi. Sampai saat itu masih bisa ditarik.
guard-code = Kode kasus
