# Yang didengar server email di pintu kami. Orang membacanya dalam email pantulan: mengapa, dan harus bagaimana. Hanya ASCII.

door-later = Ada yang sedang tidak berfungsi di sini, tidak ada yang hilang. Server emailmu akan mencoba lagi sendiri.
door-no-room = Saat ini tidak ada tempat untuk email ini. Server emailmu akan mencoba lagi sendiri.
door-nobody = Kotak itu tidak ada di sini. Mohon periksa alamatnya.
door-not-ours = Email untuk domain itu tidak diterima di sini. Mohon periksa alamatnya.
door-mistyped = Alamat ini salah ketik, surat tidak diterima. Salin lagi dari { $url }
door-no-reply = Alamat ini tidak dibaca siapa pun. Silakan menulis di { $url }
door-unknown = Alamat ini tidak ada. Silakan menulis di { $url }
door-loop = Surat ini berputar-putar. Mohon hapus aturan yang mengirim balik surat kami.
door-too-large = Email ini terlalu besar, surat tidak diterima. Kirim berkas besar dalam beberapa email, atau tanpa berkas.
door-unacceptable = Email ini tidak bisa dibaca, surat tidak diterima. Mohon kirim lagi sebagai teks biasa.
door-recipients = Terlalu banyak penerima dalam satu email. Server emailmu akan mengirim sisanya sendiri.
door-tls = Email hanya diterima lewat sambungan terenkripsi (STARTTLS). Tanyakan kepada pengelola server emailmu.
door-many-mails = Terlalu banyak email dari jaringanmu dalam satu menit. Server emailmu akan mencoba lagi sendiri.
door-many-guesses = Terlalu banyak alamat tak dikenal dari jaringanmu. Mohon periksa alamatnya dan coba lagi semenit lagi.
