# Before a reply leaves: is it for this client, and does it keep the counselor's privacy?

guard-stopped = Nothing was sent yet. Please look at this reply once more: the reason stands above it.
guard-title = Please look before this leaves
guard-others = This reply holds something that belongs to another mailbox. Is it in the right thread?
guard-here = You are writing to
guard-there = It reminds of
guard-why-name = Your reply holds this mailbox name.
guard-why-code = Your reply holds this case code.
guard-why-words = Your reply repeats words that this client wrote:
guard-open = Open that thread in a new tab
guard-contacts = This reply says how to reach somebody outside of the mailbox. Private numbers and accounts stay private: for your own rest, and because nobody keeps watch there.
guard-why-phone = Telephone number:
guard-why-mail = Mail address:
guard-why-handle = Account or link:
guard-reason = Why may it stand here?
guard-reason-missing = Choose a reason, or take the number or account out of your reply.
guard-reason-office = It is a number or account of the practice
guard-reason-help = It is an office or help line for this client
guard-reason-agreed = The client asked for it, and it is not mine
guard-send = I have looked: send it
guard-change = Or change your reply below and send it as usual. Nothing is lost.

counselor-send-later = Send, leaves { $time }
counselor-leaves-later = Leaves { $time }, when the desk is at work again. Until then you can take it back.
guard-code = Case code
