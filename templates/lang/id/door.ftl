# Yang didengar server surel di pintu kami. Orang membacanya dalam surel pantulan: mengapa, dan harus bagaimana. Hanya ASCII.

door-later = Ada yang sedang tidak berfungsi di sini, tidak ada yang hilang. Server surelmu akan mencoba lagi sendiri.
door-no-room = Saat ini tidak ada tempat untuk surel ini. Server surelmu akan mencoba lagi sendiri.
door-nobody = Kotak itu tidak ada di sini. Mohon periksa alamatnya.
door-not-ours = Surel untuk domain itu tidak diterima di sini. Mohon periksa alamatnya.
door-mistyped = Alamat ini salah ketik, surat tidak diterima. Salin lagi dari { $url }
door-no-reply = Alamat ini tidak dibaca siapa pun. Silakan menulis di { $url }
door-unknown = Alamat ini tidak ada. Silakan menulis di { $url }
door-loop = Surat ini berputar-putar. Mohon hapus aturan yang mengirim balik surat kami.
door-too-large = Surel ini terlalu besar, surat tidak diterima. Kirim berkas besar dalam beberapa surel, atau tanpa berkas.
door-unacceptable = Surel ini tidak bisa dibaca, surat tidak diterima. Mohon kirim lagi sebagai teks biasa.
door-recipients = Terlalu banyak penerima dalam satu surel. Server surelmu akan mengirim sisanya sendiri.
door-tls = Surel hanya diterima lewat sambungan terenkripsi (STARTTLS). Tanyakan kepada pengelola server surelmu.
door-many-mails = Terlalu banyak surel dari jaringanmu dalam satu menit. Server surelmu akan mencoba lagi sendiri.
door-many-guesses = Terlalu banyak alamat tak dikenal dari jaringanmu. Mohon periksa alamatnya dan coba lagi semenit lagi.
